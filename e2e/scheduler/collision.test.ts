/**
 * Two schedulers that do not know of each other's pods: the second, which the test runs, is kept from seeing those of the first. Where both
 * give the same room away, the node's kubelet rejects the later pod, and the one made in its place is scheduled again.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { deployments, nodes, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import { type Cache, type Client, createSeriesRecorder, SharedInformers, type Transport } from "@kubets/client";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { realClock, realRandom, silentLogger } from "@kubets/machinery";
import { parseQuantity } from "@kubets/machinery/quantity";
import { defaultConfig } from "@kubets/scheduler/config/config";
import { startScheduler } from "@kubets/scheduler/scheduler";
import { eventually, type TestCluster, upCluster } from "../cluster.ts";

const [clock, random, log] = [realClock, realRandom, silentLogger];
const stop = new AbortController();
let cluster: TestCluster;
let client: Client;
let transport: Transport;

before(async () => {
  cluster = upCluster({ nodes: 2, suffix: "two", flags: ["--simulated"] });
  const connection = await connectionFrom({ kubeconfig: cluster.kubeconfig }, machineReading());
  ({ client, transport } = await openClient(connection, "second-scheduler"));
});
after(async () => {
  stop.abort();
  await transport?.close();
  cluster?.down();
});

async function startSecond(): Promise<void> {
  const { signal } = stop;
  const all = new SharedInformers({ client, clock, random, log, signal });
  const ownPods = all.informer(pods, { labelSelector: "app=second" });
  const cache = {
    informer: <T extends KubeObject>(ref: ResourceRef<T>) => (ref.kind === "Pod" ? ownPods : all.informer(ref)),
    get: <T extends KubeObject>(ref: ResourceRef<T>, key: string) => all.get(ref, key),
    list: <T extends KubeObject>(ref: ResourceRef<T>, namespace?: string) => all.list(ref, namespace),
    owned: () => [],
  } as unknown as Cache;
  const events = createSeriesRecorder({ client, clock, random, log, signal, component: "second", host: "test" });
  const profiles = [{ schedulerName: "second", plugins: {}, pluginConfig: {} }];
  const config = { ...defaultConfig, profiles };
  await startScheduler({ client, cache, clock, random, log, events, signal, config }).ready;
}

/** A pod that two of do not fit on one node. */
const large = (app: string, cpu: string, schedulerName?: string) => ({
  metadata: { namespace: "default", name: app },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app } },
    template: {
      metadata: { labels: { app } },
      spec: {
        ...(schedulerName ? { schedulerName } : {}),
        containers: [{ name: "c", image: "kubets.local/demo:1", resources: { requests: { cpu } } }],
      },
    },
  },
});

const find = (app: string, what: string, wanted: (pod: Pod) => boolean): Promise<Pod> =>
  eventually(what, async () => {
    const { items } = await client.list(pods, { namespace: "default", labelSelector: `app=${app}` });
    return items.find(wanted);
  });
const runs = ({ status }: Pod) => status.phase === "Running";

test("where two schedulers collide the kubelet rejects the loser, and it is scheduled again", async () => {
  const { status } = await client.get(nodes, { name: "node-1" });
  const cpu = `${Math.ceil(parseQuantity(status.allocatable?.["cpu"] ?? "0").milliValue() * 0.6)}m`;
  const cordon = (unschedulable: boolean | null) =>
    client.patch(nodes, { name: "node-2" }, { type: "merge", body: { spec: { unschedulable } } });
  await cordon(true);
  await client.create(deployments, large("first", cpu));
  const winner = await find("first", "the pod of the first scheduler", runs);
  assert.equal(winner.spec.nodeName, "node-1");

  await startSecond();
  await client.create(deployments, large("second", cpu, "second"));
  const loser = await find("second", "a rejected pod", (pod) => pod.status.phase === "Failed");
  assert.equal(loser.spec.nodeName, "node-1");
  assert.equal(loser.status.reason, "OutOfcpu");
  assert.match(loser.status.message ?? "", /^Pod was rejected: Node didn't have enough resource: cpu, /);

  await cordon(null);
  const again = await find("second", "the pod in its place", runs);
  assert.equal(again.spec.nodeName, "node-2");
  assert.deepEqual((await client.get(pods, winner.metadata)).status.phase, "Running");
});
