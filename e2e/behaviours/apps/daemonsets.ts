/** DaemonSets: a pod on each node, replaced when it goes or its template changes; status; and the revisions that they keep. */
import assert from "node:assert/strict";
import { controllerrevisions, daemonsets, pods } from "@kubets/api/generated/refs";
import type { DaemonSet } from "@kubets/api/generated/types/apps-v1";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { podSpec, template } from "../objects.ts";
import { statusVerbs } from "../verbs.ts";

const make = async (t: BehaviourContext) => {
  const labels = { app: t.namespace };
  await t.client.create(daemonsets, {
    metadata: { namespace: t.namespace, name: "each", labels },
    spec: { selector: { matchLabels: labels }, template: template(labels), updateStrategy: { type: "RollingUpdate" } },
  });
  return everywhere(t);
};
const isEverywhere = ({ cluster }: BehaviourContext, it: DaemonSet | undefined) =>
  it?.status.observedGeneration === it?.metadata.generation &&
  [it?.status.numberReady, it?.status.updatedNumberScheduled, it?.status.numberAvailable].every(
    (count) => count === cluster.nodes.length,
  );
const everywhere = (t: BehaviourContext) =>
  t.until(daemonsets, "each", "an updated, ready pod on each node", (it) => isEverywhere(t, it));
const podsOf = async ({ client, namespace }: BehaviourContext) =>
  (await client.list(pods, { namespace, labelSelector: `app=${namespace}` })).items;
const onEachNode = async (t: BehaviourContext) => {
  const nodes = (await podsOf(t))
    .filter(({ metadata }) => !metadata.deletionTimestamp)
    .map(({ spec }) => spec.nodeName ?? "");
  assert.deepEqual(nodes.toSorted(), [...t.cluster.nodes].toSorted());
};

behaviour(
  "[sig-apps] Daemon set [Serial] should run and stop simple daemon [Conformance]",
  { on: "simulated", alone: true },
  async (t) => {
    await make(t);
    await onEachNode(t);
    const [first] = await podsOf(t);
    await t.client.delete(pods, { namespace: t.namespace, name: first?.metadata.name ?? "" });
    await t.untilGone(pods, first?.metadata.name ?? "");
    await t.eventually("a pod in its place", async () =>
      (await podsOf(t)).some(
        ({ spec, metadata }) => spec.nodeName === first?.spec.nodeName && metadata.uid !== first?.metadata.uid,
      ),
    );
    await everywhere(t);
    await onEachNode(t);
  },
);

behaviour(
  "[sig-apps] Daemon set [Serial] should update pod when spec was updated and update strategy is RollingUpdate [Conformance]",
  { on: "simulated", alone: true },
  async (t) => {
    const { client, namespace } = t;
    await make(t);
    const before = new Set((await podsOf(t)).map(({ metadata }) => metadata.uid));
    const hashes = async () =>
      new Set((await podsOf(t)).map(({ metadata }) => metadata.labels?.["controller-revision-hash"]));
    const [old] = await hashes();
    const body = { spec: { template: { spec: podSpec(undefined, { terminationGracePeriodSeconds: 2 }) } } };
    await client.patch(daemonsets, { namespace, name: "each" }, { type: "strategic", body });
    await everywhere(t);
    await t.eventually(
      "the old pods to be gone",
      async () => !(await podsOf(t)).some(({ metadata }) => before.has(metadata.uid)),
    );
    await onEachNode(t);
    const after = await hashes();
    assert.equal(after.size, 1);
    assert.ok(!after.has(old));
  },
);

behaviour(
  "[sig-apps] Daemon set [Serial] should verify changes to a daemon set status [Conformance]",
  { on: "simulated", alone: true },
  async (t) => {
    await make(t);
    await statusVerbs(t, daemonsets, "each");
  },
);

behaviour(
  "[sig-apps] ControllerRevision [Serial] should manage the lifecycle of a ControllerRevision [Conformance]",
  { on: "simulated", alone: true },
  async (t) => {
    const { client, namespace } = t;
    const set = await make(t);
    const labelSelector = `app=${namespace}`;
    const list = async (selector = labelSelector) =>
      (await client.list(controllerrevisions, { namespace, labelSelector: selector })).items;
    const some = (count: number, selector?: string) =>
      t.eventually(`${count} revisions`, async () => {
        const found = await list(selector);
        return found.length === count && found;
      });
    const [first] = await some(1);
    const name = first?.metadata.name ?? "";
    await client.patch(
      controllerrevisions,
      { namespace, name },
      { type: "merge", body: { metadata: { labels: { [name]: "patched" } } } },
    );
    assert.equal((await list(`${name}=patched`)).length, 1);

    // One that a hand made stands beside it.
    const made = await client.create(controllerrevisions, {
      metadata: {
        namespace,
        name: "by-hand",
        labels: first?.metadata.labels,
        ownerReferences: first?.metadata.ownerReferences,
      },
      data: first?.data,
      revision: Number(first?.revision) + 1,
    } as Parameters<typeof client.create<NonNullable<typeof first>>>[1]);
    await some(2);
    // ... and takes the place of the first, whose data it has.
    await client.delete(controllerrevisions, { namespace, name });
    await some(1);

    const current = await client.get(controllerrevisions, { namespace, name: made.metadata.name });
    await client.update(controllerrevisions, {
      ...current,
      metadata: { ...current.metadata, labels: { ...current.metadata.labels, [name]: "updated" } },
    });
    assert.equal((await list(`${name}=updated`)).length, 1);

    const body = { spec: { template: { spec: { terminationGracePeriodSeconds: 3 } } } };
    await client.patch(daemonsets, { namespace, name: "each" }, { type: "strategic", body });
    await some(2);
    await everywhere(t);
    await client.deleteCollection(controllerrevisions, { namespace, labelSelector: `${name}=updated` });
    const [left] = await some(1);
    assert.equal(Number(left?.revision), 3);
    assert.equal(left?.metadata.ownerReferences?.[0]?.uid, set.metadata.uid);
  },
);
