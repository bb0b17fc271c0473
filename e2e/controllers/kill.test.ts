/**
 * Controllers that are killed at each write of what they do, before it is done or after, and started again: it ends as it should, and on the way
 * nothing is as it must not be. Rollouts of a Deployment and a StatefulSet, and Jobs.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { deployments, jobs, pods, replicasets, statefulsets } from "@kubets/api/generated/refs";
import type { Transport } from "@kubets/client";
import { type ClusterOptions, startCluster, type TestCluster } from "./cluster.ts";

interface Undertaking extends Pick<ClusterOptions, "fate"> {
  readonly name: string;
  readonly controllers: readonly string[];
  /** It has more writes than these. */
  readonly writes: number;
  /** Asks for it, again in each round. */
  begin(cluster: TestCluster, round: number): Promise<unknown>;
  /** Throws when something is as it must not be. */
  isDone(cluster: TestCluster, round: number): Promise<boolean>;
}

const REPLICAS = 3;
const template = (image: string) => ({
  metadata: { labels: { app: "web" } },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "c", image }] },
});
const inDefault = { namespace: "default", name: "web" };

const podsOf = async (cluster: TestCluster) =>
  (await cluster.list(pods)).filter(({ metadata }) => !metadata.deletionTimestamp);

const rollout: Undertaking = {
  name: "a rollout of a Deployment",
  controllers: ["deployment", "replicaset", "garbagecollector"],
  writes: 10,
  begin: (cluster, round) =>
    round === 0
      ? cluster.create(deployments, {
          metadata: inDefault,
          spec: {
            replicas: REPLICAS,
            selector: { matchLabels: { app: "web" } },
            template: template("0"),
            strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
            revisionHistoryLimit: 2,
          },
        })
      : cluster.client.patch(deployments, inDefault, {
          type: "merge",
          body: { spec: { template: template(String(round)) } },
        }),
  async isDone(cluster, round) {
    const live = await podsOf(cluster);
    const ready = live.filter(({ status }) =>
      status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"),
    );
    assert.ok(live.length <= REPLICAS + 1, `${live.length} pods are more than the surge allows`);
    if (round > 0) assert.ok(ready.length >= REPLICAS - 1, `${ready.length} available pods are too few`);
    const { status, metadata } = await cluster.get(deployments, "web");
    return (
      status.observedGeneration === metadata.generation &&
      status.updatedReplicas === REPLICAS &&
      status.availableReplicas === REPLICAS &&
      status.replicas === REPLICAS &&
      live.every(({ spec }) => spec.containers[0]?.image === String(round)) &&
      (await cluster.list(replicasets)).length <= 3
    );
  },
};

const update: Undertaking = {
  name: "an update of a StatefulSet",
  controllers: ["statefulset", "garbagecollector"],
  writes: 6,
  begin: (cluster, round) =>
    round === 0
      ? cluster.create(statefulsets, {
          metadata: inDefault,
          spec: {
            replicas: REPLICAS,
            serviceName: "web",
            selector: { matchLabels: { app: "web" } },
            template: template("0"),
            revisionHistoryLimit: 2,
          },
        })
      : cluster.client.patch(statefulsets, inDefault, {
          type: "merge",
          body: { spec: { template: template(String(round)) } },
        }),
  async isDone(cluster, round) {
    const live = await podsOf(cluster);
    if (round > 0) assert.ok(live.length >= REPLICAS - 1, `${live.length} pods are too few`);
    const { status, metadata } = await cluster.get(statefulsets, "web");
    return (
      status.observedGeneration === metadata.generation &&
      status.updatedReplicas === REPLICAS &&
      status.availableReplicas === REPLICAS &&
      status.currentRevision === status.updateRevision &&
      live.every(({ spec }) => spec.containers[0]?.image === String(round))
    );
  },
};

const COMPLETIONS = 3;

const job: Undertaking = {
  name: "a Job",
  controllers: ["job"],
  fate: () => "succeeded",
  writes: 9,
  begin: (cluster, round) =>
    cluster.create(jobs, {
      metadata: { namespace: "default", name: `work-${round}` },
      spec: {
        completions: COMPLETIONS,
        parallelism: 2,
        completionMode: round % 2 ? "Indexed" : "NonIndexed",
        template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } },
      },
    } as never),
  async isDone(cluster, round) {
    const name = `work-${round}`;
    const own = (await cluster.list(pods)).filter(({ metadata }) => metadata.labels?.["job-name"] === name);
    assert.ok(own.length <= COMPLETIONS, `${own.length} pods for ${COMPLETIONS} completions`);
    const { status } = await cluster.get(jobs, name);
    assert.ok((status.succeeded ?? 0) <= COMPLETIONS, "a pod was counted twice");
    return (
      status.succeeded === COMPLETIONS &&
      (status.conditions ?? []).some(({ type }) => type === "Complete") &&
      own.every(({ metadata }) => !metadata.finalizers?.length)
    );
  },
};

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

for (const { name, controllers, fate, writes, begin, isDone } of [rollout, update, job])
  for (const seen of ["before", "after"] as const)
    test(`${name} survives a kill at each of its writes, ${seen} the server sees it`, {
      timeout: 300_000,
    }, async () => {
      const cluster = await startCluster({ copies: 0, controllers, ...(fate && { fate }) });
      try {
        let copy = 0;
        const run = (road?: (transport: Transport) => Transport) => {
          const stopping = new AbortController();
          void cluster.runControllers(copy++, stopping.signal, road);
          return stopping;
        };
        await begin(cluster, 0);
        let running = run();
        await cluster.until(() => isDone(cluster, 0));
        running.abort();
        let killed = true;
        for (let round = 1; killed; round++) {
          killed = false;
          const at = round - 1;
          await begin(cluster, round);
          running = run(dyingAt(at, seen, () => void (killed = true)));
          await cluster.until(async () => killed || (await isDone(cluster, round)));
          running.abort();
          running = run();
          await cluster.until(() => isDone(cluster, round));
          running.abort();
          assert.ok(at < 60, `${name} has no end of writes`);
          if (!killed) assert.ok(at > writes, `${name} has more than ${at} writes`);
        }
      } finally {
        await cluster.stop();
      }
    });
