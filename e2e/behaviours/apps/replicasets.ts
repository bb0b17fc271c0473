/** ReplicaSets: scale, adoption and release, status, collections. */
import assert from "node:assert/strict";
import { pods, replicasets } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { pod, workload } from "../objects.ts";

const make = async (
  { client, namespace, until }: BehaviourContext,
  name: string,
  replicas: number,
  labels = { app: name },
) => {
  await client.create(replicasets, { ...workload(name, replicas, {}, labels), metadata: { namespace, name, labels } });
  return until(replicasets, name, `${replicas} ready pods of ${name}`, (rs) => rs?.status.readyReplicas === replicas);
};

behaviour("[sig-apps] ReplicaSet Replace and Patch tests [Conformance]", { on: "simulated" }, async (t) => {
  const { client, namespace, until } = t;
  const made = await make(t, "web", 1);
  await client.update(replicasets, { ...made, spec: { ...made.spec, replicas: 2 } });
  await until(replicasets, "web", "two replicas", (rs) => rs?.status.replicas === 2 && rs.status.readyReplicas === 2);
  const body = {
    metadata: { labels: { patched: "yes" } },
    spec: { replicas: 3, template: { spec: { terminationGracePeriodSeconds: 3 } } },
  };
  await client.patch(replicasets, { namespace, name: "web" }, { type: "merge", body });
  const patched = await until(replicasets, "web", "three ready replicas", (rs) => rs?.status.readyReplicas === 3);
  assert.equal(patched.metadata.labels?.patched, "yes");
  assert.equal(patched.spec.template?.spec?.terminationGracePeriodSeconds, 3);
});

behaviour(
  "[sig-apps] ReplicaSet Replicaset should have a working scale subresource [Conformance]",
  { on: "simulated" },
  async (t) => {
    await make(t, "web", 1);
    const path = `/apis/apps/v1/namespaces/${t.namespace}/replicasets/web/scale`;
    const { json: scale } = await t.request("GET", path);
    assert.equal(scale.kind, "Scale");
    assert.deepEqual([scale.spec.replicas, scale.status.replicas, scale.status.selector], [1, 1, "app=web"]);
    const updated = await t.request("PUT", path, { ...scale, spec: { replicas: 2 } });
    assert.deepEqual([updated.status, updated.json.spec.replicas], [200, 2]);
    await t.until(
      replicasets,
      "web",
      "two ready replicas",
      (rs) => rs?.spec.replicas === 2 && rs.status.readyReplicas === 2,
    );
    const patched = await t.request(
      "PATCH",
      path,
      { spec: { replicas: 4 } },
      { "content-type": "application/merge-patch+json" },
    );
    assert.deepEqual([patched.status, patched.json.spec.replicas], [200, 4]);
    await t.until(
      replicasets,
      "web",
      "four ready replicas",
      (rs) => rs?.spec.replicas === 4 && rs.status.readyReplicas === 4,
    );
  },
);

behaviour(
  "[sig-apps] ReplicaSet should adopt matching pods on creation and release no longer matching pods [Conformance]",
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    await client.create(pods, {
      ...pod("orphan", { app: "web" }),
      metadata: { namespace, name: "orphan", labels: { app: "web" } },
    });
    const set = await make(t, "web", 1);
    const adopted = await t.until(
      pods,
      "orphan",
      "the orphan to be adopted",
      (it) => it?.metadata.ownerReferences?.[0],
    );
    const [owner] = adopted.metadata.ownerReferences ?? [];
    assert.deepEqual([owner?.kind, owner?.uid, owner?.controller], ["ReplicaSet", set.metadata.uid, true]);
    await client.patch(
      pods,
      { namespace, name: "orphan" },
      { type: "merge", body: { metadata: { labels: { app: "other" } } } },
    );
    await t.until(pods, "orphan", "the pod to be released", (it) => it && !it.metadata.ownerReferences?.length);
    await t.eventually("a new pod in its place", async () => {
      const { items } = await client.list(pods, { namespace, labelSelector: "app=web" });
      return items.length === 1 && items[0]?.metadata.name !== "orphan";
    });
  },
);

behaviour(
  "[sig-apps] ReplicaSet should list and delete a collection of ReplicaSets [Conformance]",
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    const labelSelector = "group=all";
    for (const name of ["a", "b", "c"]) await make(t, name, 1, { app: name, group: "all" } as { app: string });
    assert.equal((await client.list(replicasets, { namespace, labelSelector })).items.length, 3);
    await client.deleteCollection(replicasets, { namespace, labelSelector });
    await t.eventually(
      "none to be left",
      async () => (await client.list(replicasets, { namespace, labelSelector })).items.length === 0,
    );
  },
);

behaviour(
  "[sig-apps] ReplicaSet should validate Replicaset Status endpoints [Conformance]",
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    await make(t, "web", 1);
    const key = { namespace, name: "web" };
    const path = `/apis/apps/v1/namespaces/${namespace}/replicasets/web/status`;
    const read = await t.request("GET", path);
    assert.deepEqual([read.status, read.json.kind, read.json.status.replicas], [200, "ReplicaSet", 1]);
    const condition = { type: "StatusUpdate", status: "True", reason: "E2E", message: "Set by a behaviour" };
    await t.eventually("an update of the status", async () => {
      const { json } = await t.request("GET", path);
      return (
        (await t.request("PUT", path, { ...json, status: { ...json.status, conditions: [condition] } })).status === 200
      );
    });
    await t.until(replicasets, "web", "the condition", (rs) =>
      rs?.status.conditions?.some(({ type }) => type === "StatusUpdate"),
    );
    const body = {
      metadata: { annotations: { patched: "yes" } },
      status: { conditions: [{ ...condition, type: "StatusPatched" }] },
    };
    await client.patch(replicasets, key, { type: "merge", body }, { subresource: "status" });
    await t.until(replicasets, "web", "the patched condition", (rs) =>
      rs?.status.conditions?.some(({ type }) => type === "StatusPatched"),
    );
  },
);
