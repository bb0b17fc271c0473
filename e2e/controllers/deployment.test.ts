/** Deployments from creation to undo, against the real API server on a virtual clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { deployments, events, pods, replicasets } from "@kubets/api/generated/refs";
import { type TestCluster, withCluster } from "./cluster.ts";

const template = (image: string) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "c", image }] },
});
const web = (replicas: number, more: object = {}) => ({
  metadata: { namespace: "default", name: "web" },
  spec: { replicas, selector: { matchLabels: { app: "web" } }, template: template("a"), ...more },
});
const isComplete = async ({ get }: TestCluster, replicas: number) => {
  const { status, metadata } = await get(deployments, "web");
  return (
    status.observedGeneration === metadata.generation &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.updatedReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas
  );
};
const messages = async ({ list }: TestCluster, kind: string) =>
  (await list(events))
    .filter((each) => each.involvedObject.kind === kind)
    .map(({ reason, message }) => `${reason}: ${message}`);

test("a Deployment makes its pods, scales, and costs no write when it is settled", () =>
  withCluster({}, async (cluster) => {
    await cluster.create(deployments, web(2));
    await cluster.until(() => isComplete(cluster, 2));
    const [set] = await cluster.list(replicasets);
    assert.equal(set?.metadata.name, `web-${set?.metadata.labels?.["pod-template-hash"]}`);
    assert.equal(set?.metadata.annotations?.["deployment.kubernetes.io/max-replicas"], "3");
    await cluster.until(
      async () =>
        (await cluster.get(deployments, "web")).status.conditions?.some(
          ({ reason }) => reason === "NewReplicaSetAvailable",
        ) ?? false,
    );
    await cluster.at(2000);
    const writes = cluster.writes.length;
    await cluster.at(30_000);
    assert.deepEqual(cluster.writes.slice(writes), []);

    await cluster.client.patch(
      deployments,
      { namespace: "default", name: "web" },
      { type: "merge", body: { spec: { replicas: 5 } } },
    );
    await cluster.until(() => isComplete(cluster, 5));
    await cluster.client.patch(
      deployments,
      { namespace: "default", name: "web" },
      { type: "merge", body: { spec: { replicas: 1 } } },
    );
    await cluster.until(async () => (await isComplete(cluster, 1)) && (await cluster.list(pods)).length === 1);
    const name = set?.metadata.name;
    assert.deepEqual(await messages(cluster, "Deployment"), [
      `ScalingReplicaSet: Scaled up replica set ${name} from 0 to 2`,
      `ScalingReplicaSet: Scaled up replica set ${name} from 2 to 5`,
      `ScalingReplicaSet: Scaled down replica set ${name} from 5 to 1`,
    ]);
    const conditions = (await cluster.get(deployments, "web")).status.conditions?.map(
      ({ type, status, reason, message }) => `${type} ${status} ${reason} ${message}`,
    );
    assert.deepEqual(conditions?.toSorted(), [
      "Available True MinimumReplicasAvailable Deployment has minimum availability.",
      `Progressing True NewReplicaSetAvailable ReplicaSet "${name}" has successfully progressed.`,
    ]);
  }));

test("a rollout stays within surge and unavailable, keeps its history, and can be undone", () =>
  withCluster({ copies: 2 }, async (cluster) => {
    await cluster.create(
      deployments,
      web(4, {
        revisionHistoryLimit: 1,
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
      }),
    );
    await cluster.until(() => isComplete(cluster, 4));
    const key = { namespace: "default", name: "web" };
    for (const image of ["b", "c"]) {
      await cluster.client.patch(deployments, key, { type: "merge", body: { spec: { template: template(image) } } });
      await cluster.until(async () => {
        const all = (await cluster.list(pods)).filter(({ metadata }) => !metadata.deletionTimestamp);
        const ready = all.filter(({ status }) =>
          status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"),
        );
        assert.ok(all.length <= 5, `${all.length} pods are more than the surge allows`);
        assert.ok(ready.length >= 3, `${ready.length} ready pods are fewer than must be available`);
        return isComplete(cluster, 4);
      });
    }
    await cluster.until(async () => (await cluster.list(replicasets)).length === 2);
    const revisions = (await cluster.list(replicasets)).map(
      ({ metadata }) => metadata.annotations?.["deployment.kubernetes.io/revision"],
    );
    assert.deepEqual(
      revisions.toSorted((a = "", b = "") => a.localeCompare(b)),
      ["2", "3"],
    );

    await cluster.client.patch(deployments, key, {
      type: "merge",
      body: { metadata: { annotations: { "deprecated.deployment.rollback.to": "0" } } },
    });
    await cluster.until(
      async () =>
        (await cluster.get(deployments, "web")).metadata.annotations?.["deployment.kubernetes.io/revision"] === "4",
    );
    await cluster.until(() => isComplete(cluster, 4));
    assert.equal((await cluster.get(deployments, "web")).spec.template.spec?.containers[0]?.image, "b");
    const sets = await cluster.list(replicasets);
    const again = sets.find(({ metadata }) => metadata.annotations?.["deployment.kubernetes.io/revision"] === "4");
    assert.equal(again?.metadata.annotations?.["deployment.kubernetes.io/revision-history"], "2");
  }));

test("recreation ends all old pods before it makes new ones", () =>
  withCluster({}, async (cluster) => {
    await cluster.create(deployments, web(3, { strategy: { type: "Recreate" } }));
    await cluster.until(() => isComplete(cluster, 3));
    await cluster.client.patch(
      deployments,
      { namespace: "default", name: "web" },
      { type: "merge", body: { spec: { template: template("b") } } },
    );
    await cluster.until(async () => {
      const images = new Set((await cluster.list(pods)).map(({ spec }) => spec.containers[0]?.image));
      assert.ok(images.size <= 1, "old and new pods at the same time");
      return images.has("b") && isComplete(cluster, 3);
    });
  }));

test("a rollout that does not progress says so after its deadline, and a pause stops the clock", () =>
  withCluster({ fate: (pod) => (pod.spec.containers[0]?.image === "bad" ? "running" : "ready") }, async (cluster) => {
    const key = { namespace: "default", name: "web" };
    const progressing = async () =>
      (await cluster.get(deployments, "web")).status.conditions?.find(({ type }) => type === "Progressing");
    await cluster.create(deployments, web(2, { progressDeadlineSeconds: 60 }));
    await cluster.until(() => isComplete(cluster, 2));
    await cluster.client.patch(deployments, key, { type: "merge", body: { spec: { template: template("bad") } } });
    await cluster.at(30_000);
    assert.equal((await progressing())?.reason, "ReplicaSetUpdated");
    await cluster.at(45_000);
    assert.equal((await progressing())?.reason, "ProgressDeadlineExceeded");
    await cluster.client.patch(deployments, key, { type: "merge", body: { spec: { template: template("a") } } });
    await cluster.until(
      async () => (await isComplete(cluster, 2)) && (await progressing())?.reason === "NewReplicaSetAvailable",
    );
    await cluster.client.patch(deployments, key, { type: "merge", body: { spec: { paused: true } } });
    await cluster.until(async () => (await progressing())?.reason === "DeploymentPaused");
    await cluster.client.patch(deployments, key, { type: "merge", body: { spec: { template: template("c") } } });
    await cluster.at(5000);
    assert.equal(
      (await cluster.list(pods)).some(({ spec }) => spec.containers[0]?.image === "c"),
      false,
    );
    await cluster.client.patch(deployments, key, { type: "merge", body: { spec: { paused: false } } });
    await cluster.until(() => isComplete(cluster, 2));
  }));
