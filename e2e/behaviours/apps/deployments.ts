/** Deployments: scale, rolling, rollover, history, the whole of a life. */
import assert from "node:assert/strict";
import { deployments, pods, replicasets } from "@kubets/api/generated/refs";
import type { Deployment } from "@kubets/api/generated/types/apps-v1";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { podSpec, template, workload } from "../objects.ts";

const isComplete = (deployment: Deployment | undefined, replicas = deployment?.spec.replicas) => {
  const { observedGeneration, updatedReplicas, availableReplicas, replicas: all } = deployment?.status ?? {};
  return (
    observedGeneration === deployment?.metadata.generation &&
    [updatedReplicas, availableReplicas, all].every((count) => (count ?? 0) === replicas)
  );
};
const make = async (
  { client, namespace, until }: BehaviourContext,
  name: string,
  replicas: number,
  more: object = {},
) => {
  const { metadata, spec } = workload(name, replicas, more);
  await client.create(deployments, { metadata: { ...metadata, namespace }, spec });
  return until(deployments, name, `${name} to be complete`, (it) => isComplete(it, replicas));
};
const templateWith = (grace: number) =>
  template({ app: "web" }, podSpec(undefined, { terminationGracePeriodSeconds: grace }));
const merge = ({ client, namespace }: BehaviourContext, body: object) =>
  client.patch(deployments, { namespace, name: "web" }, { type: "merge", body });

behaviour(
  "[sig-apps] Deployment Deployment should have a working scale subresource [Conformance]",
  { on: "simulated" },
  async (t) => {
    await make(t, "web", 1);
    const path = `/apis/apps/v1/namespaces/${t.namespace}/deployments/web/scale`;
    const { json: scale } = await t.request("GET", path);
    assert.deepEqual([scale.kind, scale.spec.replicas, scale.status.replicas], ["Scale", 1, 1]);
    const updated = await t.request("PUT", path, { ...scale, spec: { replicas: 2 } });
    assert.deepEqual([updated.status, updated.json.spec.replicas], [200, 2]);
    await t.until(deployments, "web", "two replicas", (it) => isComplete(it, 2));
    const patched = await t.request(
      "PATCH",
      path,
      { spec: { replicas: 4 } },
      { "content-type": "application/merge-patch+json" },
    );
    assert.deepEqual([patched.status, patched.json.spec.replicas], [200, 4]);
    await t.until(deployments, "web", "four replicas", (it) => isComplete(it, 4));
  },
);

behaviour(
  "[sig-apps] Deployment RollingUpdateDeployment should delete old pods and create new ones [Conformance]",
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    // An older ReplicaSet with the same selector is taken over and rolled out of existence.
    const old = workload("web-old", 1, {}, { app: "web" });
    await client.create(replicasets, { metadata: { ...old.metadata, namespace }, spec: old.spec });
    await t.until(replicasets, "web-old", "the old pod", (rs) => rs?.status.availableReplicas === 1);
    const made = await make(t, "web", 1, { template: templateWith(2) });
    const { items } = await client.list(replicasets, { namespace, labelSelector: "app=web" });
    assert.equal(items.length, 2);
    for (const { metadata } of items) assert.equal(metadata.ownerReferences?.[0]?.uid, made.metadata.uid);
    await t.until(
      replicasets,
      "web-old",
      "the old set to have no pods",
      (rs) => rs?.spec.replicas === 0 && !rs.status.replicas,
    );
    const fresh = items.find(({ metadata }) => metadata.name !== "web-old");
    await t.eventually("only the new pod", async () => {
      const left = (await client.list(pods, { namespace, labelSelector: "app=web" })).items;
      return left.length === 1 && left[0]?.metadata.ownerReferences?.[0]?.uid === fresh?.metadata.uid;
    });
  },
);

behaviour(
  "[sig-apps] Deployment deployment should delete old replica sets [Conformance]",
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    const names = async () =>
      (await client.list(replicasets, { namespace })).items.map(({ metadata }) => metadata.name);
    await make(t, "web", 1, { revisionHistoryLimit: 0 });
    const [first] = await names();
    await merge(t, { spec: { template: templateWith(2) } });
    await t.until(deployments, "web", "the rollout", (it) => isComplete(it, 1));
    await t.untilGone(replicasets, first as string);
    assert.equal((await names()).length, 1);
  },
);

behaviour("[sig-apps] Deployment deployment should support rollover [Conformance]", { on: "simulated" }, async (t) => {
  const { client, namespace } = t;
  const stuck = podSpec(undefined, { readinessGates: [{ conditionType: "example.com/never" }] });
  const strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
  await make(t, "web", 2, { strategy });
  // A rollout that cannot end ...
  await merge(t, { spec: { template: template({ app: "web" }, stuck) } });
  await t.until(
    deployments,
    "web",
    "the stuck rollout",
    (it) => it?.status.updatedReplicas === 1 && it.status.replicas === 3,
  );
  assert.ok(!isComplete(await client.get(deployments, { namespace, name: "web" })));
  // ... is left behind by the next one.
  await merge(t, { spec: { template: { ...templateWith(3), spec: podSpec(undefined, { readinessGates: null }) } } });
  await t.until(deployments, "web", "the last rollout", (it) => isComplete(it, 2));
  const { items } = await client.list(replicasets, { namespace });
  const withPods = items.filter(({ spec }) => spec.replicas);
  assert.equal(withPods.length, 1);
  assert.equal(withPods[0]?.status.availableReplicas, 2);
});

behaviour(
  "[sig-apps] Deployment should run the lifecycle of a Deployment [Conformance]",
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    const key = { namespace, name: "web" };
    await make(t, "web", 1);
    await merge(t, { metadata: { labels: { patched: "yes" } }, spec: { replicas: 2, template: templateWith(2) } });
    const patched = await t.until(deployments, "web", "the patch", (it) => isComplete(it, 2));
    assert.equal(patched.metadata.labels?.patched, "yes");
    const scaled = await t.request(
      "PATCH",
      `/apis/apps/v1/namespaces/${namespace}/deployments/web/scale`,
      { spec: { replicas: 3 } },
      { "content-type": "application/merge-patch+json" },
    );
    assert.equal(scaled.status, 200);
    await t.until(deployments, "web", "three replicas", (it) => isComplete(it, 3));
    const { items } = await client.list(deployments, { namespace, labelSelector: "patched=yes" });
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ["web"],
    );
    const read = await t.request("GET", `/apis/apps/v1/namespaces/${namespace}/deployments/web/status`);
    assert.deepEqual([read.status, read.json.status.readyReplicas], [200, 3]);
    const condition = { type: "FromBehaviour", status: "True", reason: "Patched", message: "by a behaviour" };
    const body = { status: { conditions: [...read.json.status.conditions, condition] } };
    await client.patch(deployments, key, { type: "merge", body }, { subresource: "status" });
    await t.until(deployments, "web", "the condition", (it) =>
      it?.status.conditions?.some(({ type }) => type === "FromBehaviour"),
    );
    await client.delete(deployments, key);
    await t.untilGone(deployments, "web");
    await t.eventually("its pods to be gone", async () => (await client.list(pods, { namespace })).items.length === 0);
  },
);
