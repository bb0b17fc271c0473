/**
 * `kubets controller-manager` as a process of its own beside `kubets apiserver`: it makes pods, and tells how it is and what it does; and
 * `kubectl rolling-update`, the old way of rolling, with it.
 */
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { after, before, it } from "node:test";
import { pods, replicasets, replicationcontrollers, serviceaccounts } from "@kubets/api/generated/refs";
import type { Client } from "@kubets/client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { createKubectlCommand } from "@kubets/kubectl";
import { realClock } from "@kubets/machinery";
import { runCommand } from "@kubets/machinery/command";
import { eventually } from "../cluster.ts";
import { freePort, Programs } from "../scheduler/programs.ts";
import { startPods } from "./cluster.ts";

const programs = new Programs();
let client: Client;
let get: (path: string, as?: string) => Promise<{ status: number; text: string }>;
let token: string;
let kubeconfig: string;

before(async () => {
  const api = await programs.apiServer();
  ({ client, token, kubeconfig } = api);
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

/** What it printed, when it has ended well. */
async function kubectl(...argv: string[]): Promise<string[]> {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const reading = { ...machineReading(), env: { KUBECONFIG: kubeconfig }, home: "/nonexistent" };
  let [output, error] = ["", ""];
  const io = { output: (text: string) => void (output += text), error: (text: string) => void (error += text) };
  assert.equal(await runCommand(createKubectlCommand({ reading, streams }), argv, io), 0, error);
  return output.trim().split("\n");
}

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

it("moves the pods of a replication controller to another image, one by one", async (t) => {
  const stopping = new AbortController();
  t.after(() => stopping.abort());
  startPods(client, realClock, () => "ready", stopping.signal);
  const labels = { app: "old" };
  await client.create(replicationcontrollers, {
    metadata: { namespace: "default", name: "old" },
    spec: {
      replicas: 2,
      selector: labels,
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "c", image: "a" }] },
      },
    },
  });
  const key = { namespace: "default", name: "old" };
  const ready = async () => (await client.get(replicationcontrollers, key)).status.readyReplicas;
  await eventually("its pods", async () => (await ready()) === 2);
  const told = await kubectl("rolling-update", "old", "--image=b", "--update-period=0s", "--poll-interval=50ms");
  const next = /^Created (old-\w+)$/.exec(told[0] ?? "")?.[1] as string;
  assert.deepEqual(
    told.filter((line) => !line.startsWith("Scaling")),
    [
      `Created ${next}`,
      "Update succeeded. Deleting old controller: old",
      `Renaming ${next} to old`,
      "replicationcontroller/old rolling updated",
    ],
  );
  assert.equal(
    told[1],
    `Scaling up ${next} from 0 to 2, scaling down old from 2 to 0 (keep 2 pods available, don't exceed 3 pods)`,
  );
  assert.deepEqual(
    (await client.list(replicationcontrollers, { namespace: "default" })).items.map(({ metadata }) => metadata.name),
    ["old"],
  );
  await eventually("the pods of the new one alone", async () => {
    const images = (await client.list(pods, { namespace: "default", labelSelector: "app=old" })).items.map(
      ({ spec }) => spec.containers[0]?.image,
    );
    return (await ready()) === 2 && images.join() === "b,b";
  });
});

it("says how it is to anyone, and more to whom the API server allows it", async () => {
  assert.equal((await get("/healthz")).text, "ok");
  assert.equal((await get("/metrics")).status, 403);
});
