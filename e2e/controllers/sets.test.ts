/** StatefulSets and DaemonSets against the real API server on a virtual clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  controllerrevisions,
  daemonsets,
  nodes,
  persistentvolumeclaims,
  pods,
  statefulsets,
} from "@kubets/api/generated/refs";
import { type TestCluster, withCluster } from "./cluster.ts";

const template = (app: string, image = "a") => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: "c", image }] },
});
const db = (more: object = {}) => ({
  metadata: { namespace: "default", name: "db" },
  spec: { replicas: 3, serviceName: "db", selector: { matchLabels: { app: "db" } }, template: template("db"), ...more },
});
const key = { namespace: "default", name: "db" };
const images = async ({ list }: TestCluster) => (await list(pods)).map(({ spec }) => spec.containers[0]?.image);

test("a StatefulSet makes its pods in order with their claims, updates from the last, and ends from the last", () =>
  withCluster({}, async (cluster) => {
    const volumeClaimTemplates = [
      {
        metadata: { name: "data" },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
      },
    ];
    await cluster.create(statefulsets, db({ volumeClaimTemplates }));
    const seen: string[] = [];
    await cluster.until(async () => {
      for (const { metadata } of await cluster.list(pods)) if (!seen.includes(metadata.name)) seen.push(metadata.name);
      return (await cluster.get(statefulsets, "db")).status.availableReplicas === 3;
    });
    assert.deepEqual(seen, ["db-0", "db-1", "db-2"]);
    assert.deepEqual((await cluster.list(persistentvolumeclaims)).map(({ metadata }) => metadata.name).toSorted(), [
      "data-db-0",
      "data-db-1",
      "data-db-2",
    ]);
    await cluster.at(2000);
    const writes = cluster.writes.length;
    await cluster.at(30_000);
    assert.deepEqual(cluster.writes.slice(writes), []);

    await cluster.client.patch(statefulsets, key, {
      type: "merge",
      body: {
        spec: {
          template: template("db", "b"),
          updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 1 } },
        },
      },
    });
    await cluster.until(
      async () =>
        (await cluster.get(statefulsets, "db")).status.updatedReplicas === 2 &&
        (await cluster.get(statefulsets, "db")).status.readyReplicas === 3,
    );
    assert.deepEqual(await images(cluster), ["a", "b", "b"]);
    await cluster.client.patch(statefulsets, key, {
      type: "merge",
      body: { spec: { updateStrategy: { rollingUpdate: { partition: 0 } } } },
    });
    await cluster.until(async () => {
      const { status } = await cluster.get(statefulsets, "db");
      return (
        status.currentRevision === status.updateRevision && status.readyReplicas === 3 && status.updatedReplicas === 3
      );
    });
    assert.deepEqual(await images(cluster), ["b", "b", "b"]);
    assert.deepEqual(
      (await cluster.list(controllerrevisions)).map(({ revision }) => revision).toSorted((a, b) => a - b),
      [1, 2],
    );
    await cluster.client.patch(statefulsets, key, { type: "merge", body: { spec: { replicas: 1 } } });
    await cluster.until(async () => (await cluster.list(pods)).length === 1);
    assert.equal((await cluster.list(pods))[0]?.metadata.name, "db-0");
    assert.equal((await cluster.list(persistentvolumeclaims)).length, 3);
  }));

test("a pod that is not ready holds up those after it; in parallel it does not", () =>
  withCluster({ fate: () => "running" }, async (cluster) => {
    await cluster.create(statefulsets, db());
    await cluster.at(10_000);
    assert.equal((await cluster.list(pods)).length, 1);
    await cluster.create(statefulsets, {
      ...db({ podManagementPolicy: "Parallel", selector: { matchLabels: { app: "p" } }, template: template("p") }),
      metadata: { namespace: "default", name: "p" },
    });
    await cluster.until(async () => (await cluster.list(pods)).length === 4);
  }));

test("a DaemonSet runs on each node that fits, rolls, and follows nodes", () =>
  withCluster({}, async (cluster) => {
    await cluster.create(daemonsets, {
      metadata: { namespace: "default", name: "agent" },
      spec: { selector: { matchLabels: { app: "agent" } }, template: template("agent") },
    });
    await cluster.until(async () => (await cluster.get(daemonsets, "agent")).status.numberAvailable === 1);
    await cluster.create(nodes, {
      metadata: { name: "node-2" },
      spec: { taints: [{ key: "k", effect: "NoSchedule" }] },
    });
    await cluster.at(5000);
    assert.equal((await cluster.get(daemonsets, "agent")).status.desiredNumberScheduled, 1);
    await cluster.client.patch(
      daemonsets,
      { namespace: "default", name: "agent" },
      { type: "merge", body: { spec: { template: template("agent", "b") } } },
    );
    await cluster.until(async () => {
      const { status } = await cluster.get(daemonsets, "agent");
      return status.observedGeneration === 2 && status.updatedNumberScheduled === 1 && status.numberAvailable === 1;
    });
    assert.deepEqual(await images(cluster), ["b"]);
    await cluster.at(2000);
    const writes = cluster.writes.length;
    await cluster.at(30_000);
    assert.deepEqual(
      cluster.writes.slice(writes).filter((write) => write.includes("daemonsets") || write.includes("pods")),
      [],
    );
  }));
