/**
 * Controllers that are killed at each write of a rollout, before it is done or after, and started again: it ends as it should, and on the way it
 * never has more pods than the surge allows nor fewer available than there must be.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { deployments, pods, replicasets } from "@kubets/api/generated/refs";
import type { Transport } from "@kubets/client";
import { startCluster, type TestCluster } from "./cluster.ts";

const REPLICAS = 3;
const template = (image: string) => ({
  metadata: { labels: { app: "web" } },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "c", image }] },
});
const strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } };
const CONTROLLERS = ["deployment", "replicaset", "garbagecollector"];

/** Lets so many writes through; the process that makes the next one is gone, before the server sees it or after. */
function dyingAt(count: number, seen: "before" | "after", died: () => void): (transport: Transport) => Transport {
  let left = count;
  let dead = false;
  const never = new Promise<never>(() => {});
  return (transport) => ({
    ...transport,
    async request(request) {
      if (dead) return never;
      const counts = request.method !== "GET" && !request.path.includes("/events");
      if (!counts || left-- > 0) return transport.request(request);
      dead = true;
      if (seen === "after") await transport.request(request);
      died();
      return never;
    },
  });
}

const imagesOf = async (cluster: TestCluster) =>
  (await cluster.list(pods))
    .filter(({ metadata }) => !metadata.deletionTimestamp)
    .map(({ spec }) => spec.containers[0]?.image);

async function isRolledOut(cluster: TestCluster, image: string): Promise<boolean> {
  const live = (await cluster.list(pods)).filter(({ metadata }) => !metadata.deletionTimestamp);
  const ready = live.filter(({ status }) =>
    status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"),
  );
  assert.ok(live.length <= REPLICAS + 1, `${live.length} pods are more than the surge allows`);
  if (image !== "1") assert.ok(ready.length >= REPLICAS - 1, `${ready.length} available pods are too few`);
  const { status, metadata } = await cluster.get(deployments, "web");
  return (
    status.observedGeneration === metadata.generation &&
    status.updatedReplicas === REPLICAS &&
    status.availableReplicas === REPLICAS &&
    status.replicas === REPLICAS &&
    live.every(({ spec }) => spec.containers[0]?.image === image)
  );
}

for (const seen of ["before", "after"] as const)
  test(`a rollout survives a kill at each of its writes, ${seen} the server sees it`, {
    timeout: 120_000,
  }, async () => {
    const cluster = await startCluster({ copies: 0, controllers: CONTROLLERS });
    try {
      let copy = 0;
      const begin = (road?: (transport: Transport) => Transport) => {
        const stopping = new AbortController();
        void cluster.runControllers(copy++, stopping.signal, road);
        return stopping;
      };
      await cluster.create(deployments, {
        metadata: { namespace: "default", name: "web" },
        spec: {
          replicas: REPLICAS,
          selector: { matchLabels: { app: "web" } },
          template: template("1"),
          strategy,
          revisionHistoryLimit: 2,
        },
      });
      let running = begin();
      await cluster.until(() => isRolledOut(cluster, "1"));
      running.abort();
      let killed = true;
      for (let at = 0; killed; at++) {
        killed = false;
        const image = String(at + 2);
        const body = { spec: { template: template(image) } };
        await cluster.client.patch(deployments, { namespace: "default", name: "web" }, { type: "merge", body });
        running = begin(dyingAt(at, seen, () => void (killed = true)));
        await cluster.until(async () => killed || (await isRolledOut(cluster, image)));
        running.abort();
        running = begin();
        await cluster.until(() => isRolledOut(cluster, image));
        await cluster.until(async () => (await cluster.list(replicasets)).length <= 3);
        assert.deepEqual(new Set(await imagesOf(cluster)), new Set([image]));
        running.abort();
        assert.ok(at < 60, "a rollout of three pods has no end of writes");
        if (!killed) assert.ok(at > 10, `a rollout has more than ${at} writes`);
      }
    } finally {
      await cluster.stop();
    }
  });
