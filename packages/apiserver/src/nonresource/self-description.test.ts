import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { configmaps } from "@kubets/api/generated/refs";
import type { Transport } from "@kubets/client/transport";
import { startTestServer } from "../testing/server.ts";

let server: Awaited<ReturnType<typeof startTestServer>>;
let transport: Transport;
before(async () => {
  server = await startTestServer();
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
