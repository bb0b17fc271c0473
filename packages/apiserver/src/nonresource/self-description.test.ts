import assert from "node:assert/strict";
import https from "node:https";
import { after, before, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { gunzipSync, inflateRawSync } from "node:zlib";
import { decode } from "@kubets/api/codec/decode";
import { decodeEnvelope, decodeProtobuf } from "@kubets/api/codec/protobuf";
import { configmaps, customresourcedefinitions } from "@kubets/api/generated/refs";
import { structOf } from "@kubets/api/schema";
import type { Transport } from "@kubets/client/transport";
import { parseYaml } from "@kubets/machinery/yaml";
import { startTestServer } from "../testing/server.ts";
import { startSocketServer } from "../testing/socket-server.ts";
import { definitionOfThings } from "../testing/things.ts";

let server: Awaited<ReturnType<typeof startTestServer>>;
let transport: Transport;
before(async () => {
  server = await startTestServer({ anonymous: true });
  transport = server.server.transport({ name: "admin", groups: ["system:masters"] });
});
after(() => server.close());

async function get(path: string, headers: Record<string, string> = {}) {
  const response = await transport.request({ method: "GET", path, headers });
  return { ...response, text: Buffer.from(await response.bytes()).toString() };
}

test("requests are counted by what they ask for and how they were answered", async () => {
  await server.admin.create(configmaps, { metadata: { namespace: "default", name: "counted" } });
  await get("/api/v1/namespaces/default/configmaps/nope");
  const { text } = await get("/metrics");
  const labels = (code: number, verb: string) =>
    `code="${code}",component="apiserver",dry_run="",group="",resource="configmaps",scope="resource",subresource="",verb="${verb}",version="v1"`;
  assert.ok(text.includes(`apiserver_request_total{${labels(201, "POST")}} 1\n`), text.slice(0, 3000));
  assert.ok(text.includes(`apiserver_request_total{${labels(404, "GET")}} 1\n`));
  assert.match(text, /^apiserver_resource_objects\{group="",resource="configmaps"\} \d+$/m);
  assert.match(text, /^etcd_requests_total\{group="",operation="create",resource="configmaps"\} \d+$/m);
  assert.match(text, /^apiserver_current_inflight_requests\{request_kind="mutating"\} 0$/m);
});

test("methods that clients make up are counted as one", async () => {
  for (const method of ["MADEUP", "CONSTRUCTOR"])
    for (const path of ["/api/v1/configmaps", "/version"])
      await transport.request({ method: method as "GET", path, headers: {} });
  const { text } = await get("/metrics");
  assert.match(text, /^apiserver_request_total\{.*resource="configmaps".*verb="OTHER".*\} 2$/m);
  assert.doesNotMatch(text, /MADEUP|CONSTRUCTOR|native code/);
});

test("what health checks found is told apart", async () => {
  assert.equal((await get("/readyz")).status, 200);
  assert.equal((await get("/livez/ping")).status, 200);
  const { text } = await get("/metrics/slis");
  assert.match(text, /^kubernetes_healthcheck\{name="etcd",type="readyz"\} 1$/m);
  assert.match(text, /^kubernetes_healthchecks_total\{name="ping",status="success",type="livez"\} 1$/m);
  assert.equal((await get("/metrics/slis/more")).status, 404);
});

test("open watches are counted until they end", async () => {
  const running = async () =>
    /^apiserver_longrunning_requests\{.*resource="secrets".*verb="WATCH".*\} (\d+)$/m.exec(
      (await get("/metrics")).text,
    )?.[1];
  const watch = await transport.watch?.(
    { method: "GET", path: "/api/v1/secrets?watch=1" },
    { events() {}, closed() {} },
  );
  assert.equal(await running(), "1");
  watch?.stop();
  assert.equal(await running(), "0");
});

test("health names each check, and what may be left out", async () => {
  const { text } = await get("/readyz?verbose&exclude=ping&exclude=nosuch");
  assert.match(text, /^\[\+\]ping excluded: ok\n\[\+\]log ok\n\[\+\]etcd ok\n/);
  assert.match(text, /\[\+\]poststarthook\/rbac\/bootstrap-roles ok\n/);
  assert.match(text, /no matches for "nosuch"\nreadyz check passed\n$/);
  assert.equal((await get("/livez/ping")).text, "ok");
  assert.equal((await get("/livez/shutdown")).status, 404);
});

test("status pages are text for people and objects for who asks by name", async () => {
  const page = await get("/statusz");
  assert.match(page.text, /^\nkube-apiserver statusz\nWarning: .*\n\nStarted: .* UTC.*\nUp: 0 hr 00 min/);
  const accept = "application/json;g=config.k8s.io;v=v1beta1;as=Statusz";
  const object = await get("/statusz", { accept });
  assert.equal((JSON.parse(object.text) as { apiVersion: string }).apiVersion, "config.k8s.io/v1beta1");
  assert.equal((await get("/flagz", { accept })).status, 406);
});

test("large answers are packed for who takes that, small ones are not", async () => {
  for (let i = 0; i < 3; i++)
    await server.admin.create(configmaps, {
      metadata: { namespace: "kube-system", name: `large-${i}` },
      data: { text: "x".repeat(60_000) },
    });
  const path = "/api/v1/namespaces/kube-system/configmaps";
  const over = (accept: string) => overSockets({ method: "GET", path, headers: { "accept-encoding": accept } });
  const packed = await over("gzip");
  assert.equal(packed.headers["content-encoding"], "gzip", String(packed.body).slice(0, 500));
  const items = (body: Buffer) => (JSON.parse(String(body)) as { items: object[] }).items;
  const plain = (await over("identity")).body;
  assert.deepEqual(items(gunzipSync(packed.body)), items(plain));
  // Browsers read no further than the first member, which begins behind ten bytes.
  assert.deepEqual(items(inflateRawSync(packed.body.subarray(10))), items(plain));
  const small = await overSockets({ method: "GET", path: `${path}/nope`, headers: { "accept-encoding": "gzip" } });
  assert.equal(small.headers["content-encoding"], undefined);
});

/** As a client behind a socket asks: callers in the process are handed objects. */
async function overSockets({
  method,
  path,
  headers,
}: {
  method: string;
  path: string;
  headers: Record<string, string>;
}) {
  const answered = Promise.withResolvers<{ status: number; headers: Record<string, string>; body: Buffer }>();
  server.server.core.serve({
    method,
    url: path,
    peer: { address: "127.0.0.1", certificate: () => undefined },
    header: (name) => headers[name],
    readBody: () => Promise.resolve(new Uint8Array()),
    respond(status, pairs, body = []) {
      const named: Record<string, string> = {};
      for (let i = 0; i + 1 < pairs.length; i += 2) named[pairs[i] as string] = pairs[i + 1] as string;
      answered.resolve({
        status,
        headers: named,
        body: body instanceof Uint8Array ? Buffer.from(body) : Buffer.concat(body),
      });
    },
    addHeaders() {},
    stream: () => assert.fail("nothing is streamed"),
    onClose() {},
  });
  return answered.promise;
}

test("the version and the list of all paths go over several lines, whoever asks", async () => {
  const { port, close } = await startSocketServer();
  try {
    for (const [path, beginning] of [
      ["/version", /^\{\n {2}"major": "1",\n {2}"minor": "36",\n.*\n\}$/s],
      ["/", /^\{\n {2}"paths": \[\n {4}"\/\.well-known\/openid-configuration",\n.*\n {2}\]\n\}$/s],
    ] as const) {
      const options = { port, path, headers: { authorization: "Bearer root" }, rejectUnauthorized: false };
      const text = await new Promise<string>((resolve, reject) => {
        https
          .get(options, async (answer) => resolve(Buffer.concat(await answer.toArray()).toString()))
          .on("error", reject);
      });
      assert.match(text, beginning);
    }
  } finally {
    await close();
  }
});

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

test("who has the aggregated document is told so, until what is served changes", async () => {
  const ask = (tag = "") =>
    overSockets({ method: "GET", path: "/apis", headers: { accept: AGGREGATED, "if-none-match": tag } });
  const { status, headers } = await ask();
  const tag = headers["etag"] as string;
  assert.equal(status, 200);
  assert.match(tag, /^"[0-9A-F]{128}"$/);
  assert.deepEqual([headers["vary"], headers["cache-control"]], ["Accept", "public"]);
  const again = await ask(tag);
  assert.deepEqual([again.status, again.headers["etag"], again.body.length], [304, tag, 0]);
  await server.admin.create(customresourcedefinitions, definitionOfThings());
  while ((await ask(tag)).status === 304) await setImmediate();
  assert.notEqual((await ask(tag)).headers["etag"], tag);
});

test("the aggregated document is told in each media type, under one tag", async () => {
  const kind = "g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  const ask = async (media: string) => {
    const accept = `${media};${kind}`;
    const { headers, body } = await overSockets({ method: "GET", path: "/apis", headers: { accept } });
    assert.equal(headers["content-type"], accept);
    return { tag: headers["etag"], body };
  };
  const json = await ask("application/json");
  const protobuf = await ask("application/vnd.kubernetes.protobuf");
  const yaml = await ask("application/yaml");
  assert.deepEqual([protobuf.tag, yaml.tag], [json.tag, json.tag]);
  const told = JSON.parse(String(json.body));
  assert.deepEqual(parseYaml(yaml.body), told);
  const envelope = decodeEnvelope(protobuf.body);
  assert.deepEqual([envelope.apiVersion, envelope.kind], [told.apiVersion, told.kind]);
  const schema = structOf("api.apidiscovery.v2.APIGroupDiscoveryList");
  assert.deepEqual(decodeProtobuf(schema, envelope), decode(schema, told).object);
});

test("discovery is told in each media type, and over several lines to people", async () => {
  const ask = (path: string, headers: Record<string, string>) => overSockets({ method: "GET", path, headers });
  const { headers, body } = await ask("/apis/apps/v1", { accept: "application/vnd.kubernetes.protobuf" });
  assert.equal(headers["content-type"], "application/vnd.kubernetes.protobuf");
  const envelope = decodeEnvelope(body);
  assert.equal(envelope.kind, "APIResourceList");
  const list = decodeProtobuf(structOf("apimachinery.pkg.apis.meta.v1.APIResourceList"), envelope);
  assert.equal(list["groupVersion"], "apps/v1");
  assert.match(String((await ask("/apis/apps", { "user-agent": "curl/8.0" })).body), /^\{\n {2}"kind": "APIGroup",\n/);
  assert.match(String((await ask("/api", { accept: "application/yaml" })).body), /^kind: APIVersions$/m);
});
