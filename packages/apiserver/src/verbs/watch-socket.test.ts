/** Watches over WebSocket, by real sockets: what they tell is what a stream tells, event by event. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import { after, describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { configmaps, customresourcedefinitions } from "@kubets/api/generated/refs";
import { createClient } from "@kubets/client/typed-client";
import { parseCbor } from "@kubets/machinery/cbor";
import { openWebSocket } from "@kubets/wire/websocket";
import type { ApiCall } from "../api-call.ts";
import { EventBatch } from "../store/event-batch.ts";
import { startSocketServer } from "../testing/socket-server.ts";
import { definitionOfThings, untilServed } from "../testing/things.ts";
import { told } from "../testing/told.ts";
import { bookmarkObject, eventFormOf, type Framing } from "./watch-form.ts";

type Headers = Readonly<Record<string, string>>;
type SocketServer = Awaited<ReturnType<typeof startSocketServer>>;
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const METADATA = "as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
const ROOT = { authorization: "Bearer root", origin: "https://dashboard.example" };

function usersOf({ port, server }: SocketServer) {
  const client = createClient(server.transport({ name: "admin", groups: ["system:masters"] }));
  const configMap = (name: string) => ({ namespace: "default", name });
  const ask = async (method: string, path: string, headers: Headers = {}, body?: string) => {
    const request = https.request({ port, method, path, headers, rejectUnauthorized: false, agent: false }).end(body);
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    return { status: answer.statusCode, bytes: Buffer.concat(await answer.toArray()) };
  };
  return {
    ask,
    create: (name: string, data = {}) => client.create(configmaps, { metadata: configMap(name), data }),
    patch: (name: string, data: object) => client.patch(configmaps, configMap(name), { type: "merge", body: { data } }),
    remove: (name: string) => client.delete(configmaps, configMap(name)),
    client,
    /** As a client asks that wants a WebSocket, and is refused. */
    async refused(path: string, headers: Headers) {
      const handshake = {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "sec-websocket-version": "13",
      };
      const { status, bytes } = await ask("GET", path, { ...handshake, ...headers });
      return `${status} ${bytes}`;
    },
    async watch(path: string, headers: Headers = {}, protocols: readonly string[] = [], who: Headers = ROOT) {
      const url = `wss://127.0.0.1:${port}${path}`;
      const socket = await openWebSocket({ url, protocols, headers: { ...who, ...headers }, insecureSkipVerify: true });
      const messages: { readonly data: Buffer; readonly isBinary: boolean }[] = [];
      let came = Promise.withResolvers<void>();
      socket.on("message", (data, isBinary) => {
        messages.push({ data, isBinary });
        came.resolve();
        came = Promise.withResolvers();
      });
      return {
        socket,
        messages,
        closed: new Promise<number>((resolve) => socket.on("close", resolve)),
        async next() {
          while (messages.length === 0) await came.promise;
          return eventOf((messages.shift() as { data: Buffer }).data);
        },
      };
    },
  };
}

interface WatchEvent {
  readonly type: string;
  readonly object: {
    readonly kind: string;
    readonly code?: number;
    readonly metadata: { readonly name?: string; readonly annotations?: Headers };
  };
}

const eventOf = (data: Buffer): WatchEvent => JSON.parse(data.toString()) as WatchEvent;
const nameOf = ({ type, object }: WatchEvent) => `${type} ${object.metadata.name}`;

describe("a watch over WebSocket", async () => {
  const server = await startSocketServer({ gates: ["CBORServingAndStorage"] });
  after(server.close);
  const { ask, create, patch, remove, client, refused, watch } = usersOf(server);
  const { context } = server.server;
  const { registry } = context.metrics;

  const withoutAges = (rows: Buffer) => rows.toString().replace(/"\d+s"/g, '"AGE"');

  it("tells in messages, byte for byte, what a stream tells, and ends with its time", async () => {
    const { metadata } = await create("told");
    await patch("told", { text: "x".repeat(200) });
    await patch("told", { text: "x".repeat(70_000) });
    await remove("told");
    const accepted = [
      "*/*",
      "application/json;as=Table;v=v1;g=meta.k8s.io",
      `application/json;${METADATA}`,
      "application/vnd.kubernetes.protobuf",
      `application/vnd.kubernetes.protobuf;${METADATA}`,
      "application/cbor",
    ];
    const paths = [CONFIG_MAPS, CONFIG_MAPS.replace("/v1/", "/v1/watch/"), "/api/v1/watch/configmaps"];
    const query = `?watch=1&timeoutSeconds=1&resourceVersion=${metadata.resourceVersion}`;
    const compare = async (accept: string, path: string) => {
      const [{ messages, closed }, stream] = await Promise.all([
        watch(path + query, { accept }),
        ask("GET", path + query, { ...ROOT, accept }),
      ]);
      assert.equal(await closed, 1000, accept);
      const isProtobuf = accept.includes("protobuf");
      const length = (of: Buffer) => [of.length >> 24, of.length >> 16, of.length >> 8, of.length];
      const framed = messages.flatMap(({ data }) => (isProtobuf ? [Buffer.from(length(data)), data] : [data]));
      const told = Buffer.concat(framed);
      // A row of a table says how old the object is, and the two may be made in different seconds.
      if (accept.includes("Table")) assert.equal(withoutAges(told), withoutAges(stream.bytes));
      else assert.equal(Buffer.compare(told, stream.bytes), 0, accept);
      const isText = !isProtobuf && !accept.includes("cbor");
      assert.deepEqual(
        messages.map(({ isBinary }) => isBinary),
        [!isText, !isText, !isText],
        accept,
      );
      return messages.map(({ data }) => data);
    };
    const [[plain], , , , , [cbor]] = (await Promise.all([
      ...accepted.map((accept) => compare(accept, CONFIG_MAPS)),
      ...paths.map((path) => compare("application/json", path)),
    ])) as Buffer[][] as [[Buffer], [], [], [], [], [Buffer]];
    assert.equal(nameOf(eventOf(plain)), "MODIFIED told");
    assert.ok(plain.toString().endsWith("}\n"));
    assert.equal(nameOf(parseCbor(cbor) as unknown as WatchEvent), "MODIFIED told");
  });

  it("goes on with what happens, whatever the client says", async () => {
    const { socket, next, closed } = await watch(`${CONFIG_MAPS}?watch=1&fieldSelector=metadata.name=live`);
    socket.send("who is there?");
    socket.send(Buffer.alloc(100_000));
    await create("live");
    assert.equal(nameOf(await next()), "ADDED live");
    const pong = once(socket, "pong");
    socket.ping();
    await pong;
    await remove("live");
    assert.equal(nameOf(await next()), "DELETED live");
    socket.close(1000);
    assert.equal(await closed, 1000);
  });

  it("ends when its client goes, or breaks the rules", async () => {
    const watchers = () => context.served.get("", "v1", "podtemplates")?.store?.cache.hub.watchers;
    const path = "/api/v1/podtemplates?watch=1";
    const before = watchers();
    const [left, broken] = await Promise.all([watch(path), watch(path)]);
    assert.equal(watchers(), (before ?? Number.NaN) + 2);
    left.socket.terminate();
    broken.socket.send(Buffer.alloc(17 << 20));
    assert.equal(await broken.closed, 1009);
    while (watchers() !== before) await setImmediate();
  });

  it("tells rows of a table, the columns with the first alone", async () => {
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
    const { socket, next } = await watch(`${CONFIG_MAPS}?watch=1&resourceVersion=${await now()}`, { accept });
    await create("row-1");
    await create("row-2");
    const tables = [await next(), await next()] as unknown as { object: { columnDefinitions: [] | null; rows: [] } }[];
    assert.deepEqual(
      tables.map(({ object }) => [object.columnDefinitions !== null, object.rows.length]),
      [
        [true, 1],
        [false, 1],
      ],
    );
    socket.terminate();
  });

  const now = async () => {
    const { bytes } = await ask("GET", `${CONFIG_MAPS}?limit=1`, ROOT);
    return (JSON.parse(bytes.toString()) as { metadata: { resourceVersion: string } }).metadata.resourceVersion;
  };

  it("tells custom objects, and when they are served no more", async () => {
    await client.create(customresourcedefinitions, definitionOfThings());
    await untilServed(server.server);
    const things = "/apis/example.com/v1/things";
    const { next, closed } = await watch(`${things}?watch=true`);
    const body = JSON.stringify({ apiVersion: "example.com/v1", kind: "Thing", metadata: { name: "a" } });
    await ask("POST", things, { ...ROOT, "content-type": "application/json" }, body);
    assert.equal(nameOf(await next()), "ADDED a");
    await client.delete(customresourcedefinitions, { name: "things.example.com" });
    assert.equal(nameOf(await next()), "DELETED a");
    assert.equal(await closed, 1000);
  });

  it("tells what is there with a bookmark behind it, as large as it may be", async () => {
    await create("large", { text: "x".repeat(900_000) });
    for (let i = 0; i < 30; i++) await create(`there-${i}`, { text: "x".repeat(10_000) });
    const query = "watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan";
    const { socket, next } = await watch(`${CONFIG_MAPS}?${query}`);
    const names = [];
    let event = await next();
    for (; event.type === "ADDED"; event = await next()) names.push(event.object.metadata.name ?? "");
    assert.deepEqual(
      [event.type, event.object.metadata.annotations],
      ["BOOKMARK", { "k8s.io/initial-events-end": "true" }],
    );
    assert.equal(names.filter((name) => name === "large" || name.startsWith("there-")).length, 31);
    socket.terminate();
  });

  it("tells by an event that its past is gone", async () => {
    for (let i = 0; i < 6; i++) await create(`past-${i}`, { text: "x".repeat(900_000) });
    await server.storage.compact(Number(await now()));
    const { next, closed } = await watch(`${CONFIG_MAPS}?watch=1&resourceVersion=1`);
    const { type, object } = await next();
    assert.deepEqual([type, object.kind, object.code], ["ERROR", "Status", 410]);
    assert.equal(await closed, 1000);
  });

  it("is let go when its client does not read, and what it was told till then is whole", async () => {
    const letGo = () => told(registry, 'apiserver_terminated_watchers_total{group="",resource="configmaps"}') ?? 0;
    const before = letGo();
    const { socket, messages, closed } = await watch(`${CONFIG_MAPS}?watch=1&resourceVersion=${await now()}`);
    await setImmediate();
    socket.pause();
    let made = 0;
    for (; letGo() === before && made < 100; made++) await create(`flood-${made}`, { text: "x".repeat(900_000) });
    assert.equal(letGo(), before + 1);
    await create("behind");
    socket.resume();
    assert.equal(await closed, 1000);
    const names = messages.map(({ data }) => nameOf(eventOf(data)));
    assert.deepEqual(
      names,
      Array.from({ length: made }, (_, i) => `ADDED flood-${i}`),
    );
  });

  it("is refused before the connection speaks another protocol", async () => {
    const { origin: _, ...noOrigin } = ROOT;
    const cases: [Headers, RegExp, string?][] = [
      [{ ...ROOT, authorization: "Bearer nobody" }, /^401 .*"Unauthorized"/],
      [{ ...ROOT, authorization: "Bearer jane" }, /^403 .*configmaps is forbidden: /],
      [noOrigin, /^403 .*the header Origin/],
      [{ ...ROOT, origin: "null" }, /^403 .*the header Origin/],
      [{ ...ROOT, "sec-websocket-protocol": "a, b" }, /^400 .*one protocol/],
      [{ ...ROOT, "sec-websocket-version": "8" }, /^400 .*Sec-WebSocket-Version/],
      [{ ...ROOT, "sec-websocket-key": "short" }, /^400 .*Sec-WebSocket-Key/],
      [{ ...ROOT, accept: "application/yaml" }, /^406 .*only the following media types/s],
      [ROOT, /^400 .*unable to parse/, `${CONFIG_MAPS}?watch=1&labelSelector=!!`],
      [ROOT, /^422 .*invalid syntax/, `${CONFIG_MAPS}?watch=1&resourceVersion=x`],
      [ROOT, /^405 /, "/api/v1/bindings?watch=1"],
    ];
    for (const [headers, answer, path = `${CONFIG_MAPS}?watch=1`] of cases)
      assert.match(await refused(path, headers), answer);
  });

  it("knows its user by a token among the protocols, and agrees to the other one", async () => {
    const token = (name: string) => `base64url.bearer.authorization.k8s.io.${Buffer.from(name).toString("base64url")}`;
    const path = `${CONFIG_MAPS}?watch=1&resourceVersion=${await now()}`;
    const browser = { origin: ROOT.origin };
    const { socket, next } = await watch(path, {}, [token("root"), "kubets.dashboard"], browser);
    assert.equal(socket.protocol, "kubets.dashboard");
    await create("by-token");
    assert.equal(nameOf(await next()), "ADDED by-token");
    socket.terminate();
    await assert.rejects(watch(path, {}, [token("nobody"), "kubets.dashboard"], browser), { status: 401 });
    await assert.rejects(watch(path, {}, [token("root")], browser), { status: 401 });
  });
});

it("a watch over WebSocket ends with its last event, and well, when the server stops", async () => {
  const server = await startSocketServer();
  const { create, watch } = usersOf(server);
  const { messages, closed } = await watch(`${CONFIG_MAPS}?watch=1`);
  await create("last");
  // More time than a test has: it is not waited for.
  await server.stop({ graceMs: 600_000 });
  assert.equal(await closed, 1000);
  assert.deepEqual(
    messages.map(({ data }) => nameOf(eventOf(data))),
    ["ADDED last"],
  );
  await server.close();
});

it("watchers of one class share what is written to each", async () => {
  const server = await startSocketServer();
  after(server.close);
  const resource = server.server.context.served.get("", "v1", "configmaps") as ApiCall["resource"];
  const formOf = (media: "json" | "protobuf", framing: Framing) =>
    eventFormOf({ resource, form: { media, pretty: false, key: media } } as ApiCall, framing);
  const batch = new EventBatch();
  batch.add("BOOKMARK", bookmarkObject(resource.definition, 1, false));
  for (const media of ["json", "protobuf"] as const) {
    assert.equal(batch.frame(formOf(media, "messages")), batch.frame(formOf(media, "messages")));
    assert.notEqual(batch.frame(formOf(media, "messages")), batch.frame(formOf(media, "stream")));
  }
});
