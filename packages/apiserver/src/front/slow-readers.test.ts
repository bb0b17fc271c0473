/** What becomes of clients that read their answers slowly or not at all, over real sockets: the server's clock alone is virtual. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants } from "node:http2";
import { connect as connectTcp } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { configmaps } from "@kubets/api/generated/refs";
import { createClient } from "@kubets/client/typed-client";
import { VirtualClock } from "@kubets/machinery";
import { Audit } from "../audit/audit.ts";
import type { AuditEvent } from "../audit/event.ts";
import { startSocketServer } from "../testing/socket-server.ts";
import { told } from "../testing/told.ts";

const LIST = "/api/v1/namespaces/default/configmaps";
/** More than the buffers of both ends of a connection hold. */
const MAPS = 40;
const MAP_BYTES = 900_000;
const DEADLINE_MS = 60_000;
const ofGets =
  'apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="configmaps",scope="resource",subresource="",verb="GET",version="v1"}';
const ofList = 'group="",resource="configmaps",scope="namespace",subresource="",verb="LIST",version="v1"';

/** Waits for what the server does in turns of its loop, which is this one. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits until nothing has changed for many turns. */
async function untilStill(look: () => unknown): Promise<void> {
  for (let [last, turns] = [look(), 0]; turns < 300; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (look() !== last) [last, turns] = [look(), 0];
  }
}

async function serving(t: TestContext, maps = MAPS) {
  const clock = new VirtualClock();
  const events: AuditEvent[] = [];
  const wanted = { level: "Metadata", omitStages: new Set<never>(), omitManagedFields: false } as const;
  const audit = new Audit(
    ({ verb }) => (verb === "list" ? wanted : undefined),
    { tell: (event) => void events.push(event) },
    clock,
  );
  const { port, server, connections, close } = await startSocketServer({ clock, audit });
  t.after(close);
  const client = createClient(server.transport({ name: "admin", groups: ["system:masters"] }));
  for (let i = 0; i < maps; i++)
    await client.create(configmaps, {
      metadata: { namespace: "default", name: `map-${i}` },
      data: { text: String(i % 10).repeat(MAP_BYTES) },
    });
  events.length = 0;
  const { registry } = server.context.metrics;
  return {
    clock,
    port,
    server,
    connections,
    now: (series: string) => told(registry, series),
    lists: () => told(registry, `apiserver_request_total{code="200",component="apiserver",dry_run="",${ofList}}`),
    stages: () =>
      events.map(({ stage, responseStatus }) => [stage, (responseStatus as { code: number } | undefined)?.code]),
  };
}

/** A client of HTTP/1.1 that reads what it is told to. */
class Reader {
  readonly socket: TLSSocket;
  #head = "";
  /** How much of the body it has, and how much there is. */
  taken = 0;
  length = Infinity;
  isOver = false;
  #left = 0;

  constructor(t: TestContext, port: number) {
    this.socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    this.socket.pause();
    this.socket.on("data", (chunk: Buffer) => this.#take(chunk));
    const over = () => (this.isOver = true);
    this.socket.on("end", over).on("close", over).on("error", over);
    t.after(() => this.socket.destroy());
  }

  ask(path: string): void {
    [this.#head, this.taken, this.length] = ["", 0, Infinity];
    this.socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer root\r\n\r\n`);
  }

  /** Resolves when so much more of the body is there, or no more comes. */
  async read(bytes: number): Promise<void> {
    this.#left = this.taken + bytes;
    this.socket.resume();
    await until(() => this.isOver || this.taken >= Math.min(this.#left, this.length));
    this.socket.pause();
  }

  #take(chunk: Buffer): void {
    let body = chunk;
    if (this.length === Infinity) {
      this.#head += chunk.toString("latin1");
      const end = this.#head.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.length = Number(/content-length: (\d+)/i.exec(this.#head)?.[1]);
      body = chunk.subarray(chunk.length - (this.#head.length - end - 4));
    }
    this.taken += body.length;
    if (this.taken >= this.#left) this.socket.pause();
  }
}

describe("over HTTP/1.1", () => {
  it("a client that reads nothing is cut off at the deadline", async (t) => {
    const { clock, port, connections, now, lists, stages } = await serving(t);
    const reader = new Reader(t, port);
    reader.ask(LIST);
    await until(() => lists() === 1);
    await clock.advance(DEADLINE_MS - 1);
    assert.equal(connections(), 1);
    await clock.advance(1);
    await until(() => connections() === 0);
    assert.equal(now(`apiserver_request_terminations_total{code="504",component="apiserver",${ofList}}`), 1);
    assert.equal(now(`apiserver_request_aborts_total{${ofList}}`), 1);
    assert.equal(now('apiserver_request_post_timeout_total{source="timeout-handler",status="ok"}'), 1);
    // As the original tells it, to whom an answer that has begun is one.
    assert.deepEqual(stages(), [
      ["RequestReceived", undefined],
      ["ResponseComplete", 200],
    ]);
    await reader.read(Infinity);
    assert.ok(reader.taken < reader.length, `${reader.taken} of ${reader.length}`);
  });

  it("neither is one left that asks for much that is small, and reads none of it", async (t) => {
    const { clock, port, connections, now, server } = await serving(t, 0);
    const client = createClient(server.transport({ name: "admin", groups: ["system:masters"] }));
    const metadata = { namespace: "default", name: "small" };
    await client.create(configmaps, { metadata, data: { text: "x".repeat(7000) } });
    const reader = new Reader(t, port);
    await once(reader.socket, "secureConnect");
    // One alone stays with the kernel, and its client may ask again.
    reader.ask(`${LIST}/small`);
    await clock.advance(2 * DEADLINE_MS);
    assert.equal(connections(), 1);
    for (let i = 0; i < 5000; i++) reader.ask(`${LIST}/small`);
    await untilStill(() => now(ofGets));
    assert.ok((now(ofGets) ?? 0) > 100, "most of it waits in this process");
    await clock.advance(DEADLINE_MS);
    await until(() => connections() === 0);
  });

  it("one that reads slowly goes on until then, and sees that its answer is not whole", async (t) => {
    const { clock, port, connections } = await serving(t);
    const reader = new Reader(t, port);
    reader.ask(LIST);
    for (const ms of [0, 30_000, 29_999]) {
      await clock.advance(ms);
      await reader.read(2_000_000);
    }
    assert.deepEqual([reader.isOver, connections()], [false, 1]);
    await clock.advance(1);
    await reader.read(Infinity);
    assert.equal(reader.isOver, true);
    assert.ok(reader.taken >= 6_000_000 && reader.taken < reader.length, `${reader.taken} of ${reader.length}`);
    await until(() => connections() === 0);
  });

  it("one that stops now and then and has all of it in time is left alone, and asks again", async (t) => {
    const { clock, port, connections, now } = await serving(t);
    const reader = new Reader(t, port);
    reader.ask(LIST);
    for (let i = 0; i < 9; i++) {
      await reader.read((MAPS * MAP_BYTES) / 10);
      await clock.advance(DEADLINE_MS / 10);
    }
    await reader.read(Infinity);
    assert.equal(reader.taken, reader.length);
    await clock.advance(DEADLINE_MS);
    reader.ask("/version");
    await reader.read(Infinity);
    assert.ok(reader.taken > 0 && reader.taken === reader.length);
    assert.equal(connections(), 1);
    assert.equal(now(`apiserver_request_aborts_total{${ofList}}`), undefined);
  });

  it("one whose upgrade is refused, and that goes on holding its end of the connection, loses it", async (t) => {
    const { clock, port, connections } = await serving(t, 0);
    const half = connectTcp({ port, host: "127.0.0.1", allowHalfOpen: true });
    const socket = connect({ socket: half, rejectUnauthorized: false });
    t.after(() => socket.destroy());
    socket.on("error", () => {});
    socket.write(
      "GET /api/v1/namespaces/default/pods/p/exec HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    );
    const [answer] = (await once(socket, "data")) as [Buffer];
    assert.match(String(answer), /^HTTP\/1\.1 403 /);
    await clock.advance(DEADLINE_MS - 1);
    assert.equal(connections(), 1);
    await clock.advance(1);
    await until(() => connections() === 0);
  });
});

describe("over HTTP/2", () => {
  async function connected(t: TestContext, port: number, settings = {}): Promise<ClientHttp2Session> {
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false, settings });
    t.after(() => session.destroy());
    await once(session, "connect");
    return session;
  }
  const ask = (session: ClientHttp2Session, path: string, authorization = "Bearer root") =>
    session.request({ ":path": path, authorization });
  const sizeOf = async (stream: ClientHttp2Stream) => Buffer.concat(await stream.toArray()).length;
  const broken = { code: "ERR_HTTP2_STREAM_ERROR", message: /NGHTTP2_INTERNAL_ERROR/ };

  it("a stream that nobody reads is reset at the deadline, and holds up none beside it", async (t) => {
    const { clock, port, connections, now, lists } = await serving(t);
    const session = await connected(t, port);
    const stalled = ask(session, LIST).pause();
    const reset = once(stalled, "close").catch((error: unknown) => error);
    await until(() => lists() === 1);
    const good = Array.from({ length: 20 }, (_, i) => sizeOf(ask(session, `${LIST}/map-${i}`)));
    for (const size of await Promise.all(good)) assert.ok(size > MAP_BYTES);
    await clock.advance(DEADLINE_MS - 1);
    assert.equal(stalled.closed, false);
    await clock.advance(1);
    assert.match(String(await reset), broken.message);
    assert.equal(stalled.rstCode, constants.NGHTTP2_INTERNAL_ERROR);
    assert.equal(now(`apiserver_request_aborts_total{${ofList}}`), 1);
    assert.ok((await sizeOf(ask(session, `${LIST}/map-0`))) > MAP_BYTES);
    assert.equal(connections(), 1);
  });

  it("a small answer that a client leaves no room for is not kept for it either", async (t) => {
    const { clock, port } = await serving(t, 0);
    const session = await connected(t, port, { initialWindowSize: 0 });
    // The last two have no deadline of their own.
    const paths = ["/version", `${LIST}?watch=1`, "/api/v1/namespaces/default/pods/p/log"];
    const streams = paths.map((path) => ask(session, path, ""));
    const ends = streams.map((stream) => assert.rejects(once(stream, "close"), broken));
    await Promise.all(streams.map((stream) => once(stream, "response")));
    await clock.advance(DEADLINE_MS - 1);
    assert.deepEqual(
      streams.map(({ closed }) => closed),
      [false, false, false],
    );
    await clock.advance(1);
    await Promise.all(ends);
  });

  it("a watch that nobody reads has no deadline", async (t) => {
    const { clock, port, connections } = await serving(t, 0);
    const session = await connected(t, port);
    const watch = ask(session, `${LIST}?watch=1&timeoutSeconds=1000`).pause();
    await once(watch, "response");
    await clock.advance(2 * DEADLINE_MS);
    assert.equal(watch.closed, false);
    assert.equal(connections(), 1);
  });
});
