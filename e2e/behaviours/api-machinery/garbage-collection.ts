/** Garbage collection: what becomes of dependents when their owner is deleted in the background, in the foreground, or leaving orphans. */
import assert from "node:assert/strict";
import { deployments, pods, replicasets, replicationcontrollers } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { pod, podSpec, template, workload } from "../objects.ts";
import { watching } from "../verbs.ts";

const GC = "[sig-api-machinery] Garbage collector";
const PODS = 10;

const makeController = async ({ client, namespace, until }: BehaviourContext, name: string, replicas: number) => {
  await client.create(replicationcontrollers, {
    metadata: { namespace, name },
    spec: { replicas, selector: { app: name }, template: template({ app: name }, podSpec()) },
  });
  return until(
    replicationcontrollers,
    name,
    `${replicas} pods of ${name}`,
    (it) =>
      it?.status.observedGeneration && it.status.replicas === replicas && (it.status.readyReplicas ?? 0) === replicas,
  );
};
const podsOf = async ({ client, namespace }: BehaviourContext, labelSelector: string) =>
  (await client.list(pods, { namespace, labelSelector })).items;

async function makeDeployment(t: BehaviourContext) {
  const { client, namespace } = t;
  const { metadata, spec } = workload("web", 2);
  await client.create(deployments, { metadata: { ...metadata, namespace }, spec });
  await t.until(deployments, "web", "two pods", (it) => it?.status.readyReplicas === 2);
  return (await client.list(replicasets, { namespace })).items;
}

behaviour(
  `${GC} should delete RS created by deployment when not orphaning [Conformance]`,
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    assert.equal((await makeDeployment(t)).length, 1);
    await client.delete(deployments, { namespace, name: "web" }, { propagationPolicy: "Background" });
    await t.eventually(
      "no ReplicaSet and no pod",
      async () =>
        (await client.list(replicasets, { namespace })).items.length === 0 && (await podsOf(t, "app=web")).length === 0,
    );
  },
);

behaviour(
  `${GC} should orphan RS created by deployment when deleteOptions.PropagationPolicy is Orphan [Conformance]`,
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    const [set] = await makeDeployment(t);
    await client.delete(deployments, { namespace, name: "web" }, { propagationPolicy: "Orphan" });
    await t.untilGone(deployments, "web");
    const orphan = await client.get(replicasets, { namespace, name: set?.metadata.name ?? "" });
    assert.deepEqual([orphan.metadata.uid, orphan.metadata.ownerReferences ?? []], [set?.metadata.uid, []]);
    const own = await podsOf(t, "app=web");
    assert.equal(own.length, 2);
    for (const { metadata } of own) assert.equal(metadata.ownerReferences?.[0]?.uid, set?.metadata.uid);
  },
);

behaviour(
  `${GC} should keep the rc around until all its pods are deleted if the deleteOptions says so [Serial] [Conformance]`,
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    await makeController(t, "web", PODS);
    const gone = await watching(t, pods, namespace, "app=web");
    const key = { namespace, name: "web" };
    await client.delete(replicationcontrollers, key, { propagationPolicy: "Foreground" });
    const going = await client.get(replicationcontrollers, key).catch(() => undefined);
    if (going) assert.ok(going.metadata.finalizers?.includes("foregroundDeletion"));
    await t.untilGone(replicationcontrollers, "web");
    assert.equal((await podsOf(t, "app=web")).length, 0, "when it is gone its pods have gone before");
    await t.eventually(
      "each pod to be seen going",
      () => gone.seen.filter(({ type }) => type === "DELETED").length === PODS,
    );
  },
);

behaviour(
  `${GC} should orphan pods created by rc if delete options say so [Serial] [Conformance]`,
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    await makeController(t, "web", PODS);
    await client.delete(replicationcontrollers, { namespace, name: "web" }, { propagationPolicy: "Orphan" });
    await t.untilGone(replicationcontrollers, "web");
    const own = await podsOf(t, "app=web");
    assert.equal(own.length, PODS);
    for (const { metadata } of own)
      assert.deepEqual([metadata.ownerReferences ?? [], metadata.deletionTimestamp], [[], undefined]);
  },
);

behaviour(
  `${GC} should not delete dependents that have both valid owner and owner that's waiting for dependents to be deleted [Serial] [Conformance]`,
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    await makeController(t, "going", PODS);
    const staying = await makeController(t, "staying", 0);
    const shared = (await podsOf(t, "app=going")).slice(0, PODS / 2).map(({ metadata }) => metadata.name);
    const { apiVersion, kind, metadata } = staying;
    const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid };
    for (const name of shared)
      await client.patch(
        pods,
        { namespace, name },
        { type: "strategic", body: { metadata: { ownerReferences: [owner] } } },
      );
    await client.delete(replicationcontrollers, { namespace, name: "going" }, { propagationPolicy: "Foreground" });
    await t.untilGone(replicationcontrollers, "going");
    const left = await t.eventually("the others to be gone", async () => {
      const own = await podsOf(t, "app=going");
      return own.length === shared.length && own;
    });
    assert.deepEqual(left.map((each) => each.metadata.name).toSorted(), shared.toSorted());
    for (const each of left) {
      assert.equal(each.metadata.deletionTimestamp, undefined);
      assert.deepEqual(
        each.metadata.ownerReferences?.map(({ uid }) => uid),
        [owner.uid],
      );
    }
  },
);

behaviour(`${GC} should not be blocked by dependency circle [Conformance]`, { on: "simulated" }, async (t) => {
  const { client, namespace } = t;
  const names = ["pod1", "pod2", "pod3"];
  const made = await Promise.all(
    names.map((name) => client.create(pods, { ...pod(name), metadata: { namespace, name } })),
  );
  for (const [i, name] of names.entries()) {
    const owner = made[(i + 2) % 3];
    const reference = {
      apiVersion: "v1",
      kind: "Pod",
      name: owner?.metadata.name,
      uid: owner?.metadata.uid,
      controller: true,
      blockOwnerDeletion: true,
    };
    await client.patch(
      pods,
      { namespace, name },
      { type: "strategic", body: { metadata: { ownerReferences: [reference] } } },
    );
  }
  await client.delete(pods, { namespace, name: "pod1" }, { propagationPolicy: "Foreground" });
  for (const name of names) await t.untilGone(pods, name);
});
