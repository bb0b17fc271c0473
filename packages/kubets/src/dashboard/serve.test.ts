/** The dashboard's server before a real API server, asked by the dashboard's own client. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startSocketServer } from "@kubets/apiserver/testing/socket-server";
import { applyText } from "@kubets/dashboard/server/apply";
import { type Followed, follow } from "@kubets/dashboard/server/follow";
import { asObjects, asTable } from "@kubets/dashboard/server/forms";
import { pathOf, readKinds } from "@kubets/dashboard/server/kinds";
import type { KubeObject } from "@kubets/dashboard/server/object";
import { Server } from "@kubets/dashboard/server/server";
import { openLink } from "@kubets/kubectl/api/connect";
import { serveDashboard } from "./serve.ts";

const KEY = "a-key-of-this-test";
const HTML = { accept: "text/html" };
const maps = { group: "", version: "v1", resource: "configmaps" };

async function started(user = "root") {
  const api = await startSocketServer();
  const link = await openLink({
    server: `https://127.0.0.1:${api.port}`,
    insecureSkipTlsVerify: true,
    headers: {},
    namespace: "default",
    credentials: {
      authorization: async () => `Bearer ${user}`,
      certificate: async () => undefined,
      refused: () => false,
    },
  });
  const dashboard = await serveDashboard({ link, key: KEY, address: "127.0.0.1", port: 0 });
  const { origin } = new URL(dashboard.url);
  const warnings: string[] = [];
  let refusals = 0;
  const as = (key: string) =>
    new Server(origin, key, { refused: () => refusals++, warn: (text) => warnings.push(text) });
  return {
    origin,
    dashboard,
    api,
    warnings,
    refusals: () => refusals,
    as,
    server: as(KEY),
    async close() {
      await dashboard.close();
      await link.transport.close();
      await api.close();
    },
  };
}

/** What is followed, once it is as wanted. */
function until<T>(begin: (tell: (now: Followed<T>) => void) => () => void, wanted: (now: Followed<T>) => boolean) {
  return new Promise<Followed<T>>((resolve) => {
    const end = begin((now) => {
      if (!wanted(now)) return;
      end();
      resolve(now);
    });
  });
}

const map = (name: string, data: Record<string, string> = {}) =>
  JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data });

test("the pages are open to all, and nothing is that may run another's code in them", async (t) => {
  const { origin, close } = await started();
  t.after(close);
  const page = await fetch(`${origin}/`, { headers: HTML });
  assert.equal(page.status, 200);
  assert.match(await page.text(), /<script type="module" src="\/dashboard\/app.js">/);
  assert.match(
    page.headers.get("content-security-policy") ?? "",
    /default-src 'none'; script-src 'self';.*frame-ancestors 'none'/,
  );
  for (const path of [
    "app.js",
    "src/index.ts",
    "style.css",
    "terminal.css",
    "icon.svg",
    "modules/preact/hooks",
    "modules/@kubets/machinery/yaml.ts",
  ])
    assert.equal((await fetch(`${origin}/dashboard/${path}`)).status, 200, path);
  for (const path of [
    "package.json",
    "src/..%2f..%2fpackage.json",
    "..%2fpackage.json",
    "modules/@kubets/kubelet/kubelet.ts",
    "modules/node:fs",
    "src/absent.ts",
  ])
    assert.equal((await fetch(`${origin}/dashboard/${path}`)).status, 404, path);
});

test("without the key nothing of the API is answered, not even with credentials of one's own", async (t) => {
  const { origin, as, refusals, close } = await started();
  t.after(close);
  for (const authorization of ["", "Bearer root", "Bearer a-key-of-this-tesT", `Basic ${KEY}`])
    for (const path of ["/api/v1/namespaces", "/version", "/dashboardx", "//"]) {
      const answer = await fetch(`${origin}${path}`, { headers: { authorization } });
      assert.equal(answer.status, 401, `${path} ${authorization}`);
    }
  await assert.rejects(as("another").text("/api/v1/nodes"), {
    code: 401,
    message: /open the address that `kubets dashboard` printed/,
  });
  assert.equal(refusals(), 1);
  const ended = await new Promise((resolve) =>
    as("another").pieces("/api/v1/nodes", "application/json", { onText: () => assert.fail(), onEnd: resolve }),
  );
  assert.match(String(ended), /broke off/);
});

test("browsers get what programs get: JSON that is not indented", async (t) => {
  const { origin, close } = await started();
  t.after(close);
  const headers = { authorization: `Bearer ${KEY}`, "user-agent": "Mozilla/5.0 (X11; Linux x86_64)" };
  const answer = await fetch(`${origin}/api/v1/namespaces`, { headers });
  assert.match(await answer.text(), /^\{"kind":"NamespaceList",[^\n]*\}\n$/);
});

test("with the key one may do what the user of the kubeconfig may", async (t) => {
  const { server, close } = await started("jane");
  t.after(close);
  await assert.rejects(server.text("/api/v1/nodes"), {
    code: 403,
    reason: "Forbidden",
    message: /User "jane" cannot list resource "nodes"/,
  });
  // The answer that comes in pieces says no as clearly.
  const refused = await until(
    (tell) => follow(server, { path: pathOf(maps, "default") }, asObjects(), tell),
    ({ phase }) => phase === "waiting",
  );
  assert.equal(refused.failure?.code, 403);
});

test("what is followed is told whole, then as it changes", async (t) => {
  const { server, close } = await started();
  t.after(close);
  const path = pathOf(maps, "default");
  const post = (name: string) => server.text(path, { method: "POST", body: map(name) });
  await post("one");
  let last: Followed<{ object: { metadata: { name?: string } } }> | undefined;
  const waiting: (() => void)[] = [];
  const end = follow(server, { path }, asTable, (now) => {
    last = now;
    for (const look of waiting) look();
  });
  t.after(end);
  const names = () => last?.items.map(({ object }) => object.metadata.name).join(" ");
  const seen = (wanted: string) =>
    new Promise<void>((resolve) => {
      const look = () => last?.phase === "live" && names() === wanted && resolve();
      waiting.push(look);
      look();
    });
  await seen("one");
  assert.deepEqual(
    last?.columns.map(({ name }) => name),
    ["Name", "Data", "Age"],
  );
  await post("two");
  await seen("one two");
  await server.text(`${path}/one`, { method: "DELETE" });
  await seen("two");
});

test("one object is followed by its name, and a list of more than a page is whole", async (t) => {
  const { server, close } = await started();
  t.after(close);
  const path = pathOf(maps, "default");
  const names = Array.from({ length: 501 }, (_, i) => `m${i}`);
  await Promise.all(names.map((name) => server.text(path, { method: "POST", body: map(name) })));
  const told: string[] = [];
  const all = await until(
    (tell) => follow(server, { path }, asTable, tell),
    ({ phase, items }) => told.push(`${phase} ${items.length}`) > 0 && phase === "live",
  );
  assert.equal(all.items.length, 501);
  // Nobody waits for the last page to see the first one.
  assert.deepEqual(told, ["loading 500", "live 501"]);
  const question = { path, fieldSelector: "metadata.name=m7" };
  const one = await until<KubeObject>(
    (tell) => follow(server, question, asObjects<KubeObject>(), tell),
    ({ phase }) => phase === "live",
  );
  assert.deepEqual(
    one.items.map(({ metadata: { name } }) => name),
    ["m7"],
  );
});

test("text is applied object by object, into the namespace that is meant, and every object is looked at before", async (t) => {
  const { server, close } = await started();
  t.after(close);
  const kinds = await readKinds(server);
  const apply = (text: string, dryRun = false) =>
    Array.fromAsync(applyText(server, kinds, text, { namespace: "default", dryRun }));
  const two =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n";
  const told = (await apply(two)).map(({ kind, metadata, isNew }) => [
    kind.kind,
    metadata.namespace,
    metadata.name,
    isNew,
  ]);
  assert.deepEqual(told, [
    ["ConfigMap", "default", "a", true],
    ["Namespace", undefined, "other", true],
  ]);
  assert.deepEqual(
    (await apply(two)).map(({ isNew }) => isNew),
    [false, false],
  );
  const tried = await apply(map("tried"), true);
  assert.equal(tried[0]?.dryRun, true);
  await assert.rejects(server.text(pathOf(maps, "default", "tried")), { code: 404 });
  await assert.rejects(
    apply(`${map("never")}\n---\napiVersion: v2\nkind: Nothing\nmetadata: {name: x}\n`),
    /object 2: the server serves no Nothing of v2/,
  );
  await assert.rejects(server.text(pathOf(maps, "default", "never")), { code: 404 });
  await assert.rejects(apply("kind: ConfigMap\n"), /object 1 does not say its apiVersion and kind/);
  await assert.rejects(apply("\n---\n"), /there is no object in this text/);
  await assert.rejects(
    apply(`${map("a").slice(0, -1)}, "nonsense": 1}`),
    /field not declared in schema|unknown field "nonsense"/,
  );
});

test("warnings of the server are told", async (t) => {
  const { server, warnings, close } = await started();
  t.after(close);
  const body = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "w" }, nonsense: 1 });
  await server.text(pathOf(maps, "default"), { method: "POST", body });
  assert.deepEqual(warnings, ['unknown field "nonsense"']);
});
