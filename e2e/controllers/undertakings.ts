/** What controllers are asked for again and again by tests that disturb them: rollouts of a Deployment and a StatefulSet, and Jobs. */
import assert from "node:assert/strict";
import { deployments, jobs, pods, replicasets, statefulsets } from "@kubets/api/generated/refs";
import type { ClusterOptions, TestCluster } from "./cluster.ts";

export interface Undertaking extends Pick<ClusterOptions, "fate"> {
  readonly name: string;
  readonly controllers: readonly string[];
  /** It has more writes than these. */
  readonly writes: number;
  /** Asks for it, again in each round. */
  begin(cluster: TestCluster, round: number): Promise<unknown>;
  /** Throws when something is as it must not be, with so many controllers at once. */
  isDone(cluster: TestCluster, round: number, copies: number): Promise<boolean>;
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
  async isDone(cluster, round, copies) {
    const name = `work-${round}`;
    const own = (await cluster.list(pods)).filter(({ metadata }) => metadata.labels?.["job-name"] === name);
    // Of two that do not know of each other each makes what is missing; what ended is counted once all the same.
    assert.ok(own.length <= COMPLETIONS * copies, `${own.length} pods for ${COMPLETIONS} completions`);
    const { status, spec } = await cluster.get(jobs, name);
    const counted = spec.completionMode === "Indexed" ? COMPLETIONS : own.length;
    assert.ok((status.succeeded ?? 0) <= counted, "a pod was counted twice");
    return (
      status.succeeded === counted &&
      (status.conditions ?? []).some(({ type }) => type === "Complete") &&
      own.every(({ metadata }) => !metadata.finalizers?.length)
    );
  },
};

export const undertakings: readonly Undertaking[] = [rollout, update, job];
