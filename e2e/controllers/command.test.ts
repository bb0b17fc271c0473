/** `kubets controller-manager` as a process of its own beside `kubets apiserver`: it makes pods, and tells how it is and what it does. */
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { pods, replicasets, serviceaccounts } from "@kubets/api/generated/refs";
import type { Client } from "@kubets/client";
import { eventually } from "../cluster.ts";
import { freePort, Programs } from "../scheduler/programs.ts";

const programs = new Programs();
let client: Client;
let get: (path: string, as?: string) => Promise<{ status: number; text: string }>;
let token: string;

before(async () => {
  const api = await programs.apiServer();
  ({ client, token } = api);
  const port = await freePort();
  const flags = { "bind-address": "127.0.0.1", "secure-port": String(port), "leader-elect": "true" };
  await programs.start("controller-manager", { kubeconfig: api.kubeconfig, ...flags }, /\bready\b/);
  get = async (path, as) => {
    const transport = programs.open(`https://127.0.0.1:${port}`, as);
    const response = await transport.request({ method: "GET", path });
    return { status: response.status, text: Buffer.from(await response.bytes()).toString() };
  };
});
after(() => programs.stop());

it("makes the pods of a ReplicaSet, and counts what it did", async () => {
  await eventually("the account", () =>
    client.get(serviceaccounts, { namespace: "default", name: "default" }).catch(() => undefined),
  );
  const labels = { app: "web" };
  await client.create(replicasets, {
    metadata: { namespace: "default", name: "web" },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } },
    },
  });
  await eventually("two pods", async () => (await client.list(pods, { namespace: "default" })).items.length === 2);
  const { text } = await get("/metrics", token);
  assert.match(text, /^workqueue_adds_total\{name="replicaset"\} [1-9]/m);
  assert.match(text, /^kubets_controller_reconciles_total\{controller="replicaset",outcome="done"\} [1-9]/m);
  assert.match(text, /^rest_client_requests_total\{code="201",host="127\.0\.0\.1:\d+",method="POST"\} [1-9]/m);
  assert.match(text, /^process_resident_memory_bytes [1-9]/m);
});

it("says how it is to anyone, and more to whom the API server allows it", async () => {
  assert.equal((await get("/healthz")).text, "ok");
  assert.equal((await get("/metrics")).status, 403);
});
