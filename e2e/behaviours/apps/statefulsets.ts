/** StatefulSets: order, bursts, rolling and canary updates, roll backs, pods that were evicted, status, collections. */
import assert from "node:assert/strict";
import { pods, services, statefulsets } from "@kubets/api/generated/refs";
import type { StatefulSet } from "@kubets/api/generated/types/apps-v1";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { isReady } from "@kubets/api/pod/state";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { container, podSpec, template, workload } from "../objects.ts";
import { statusVerbs, watching } from "../verbs.ts";

const BASIC = "[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic]";
const REVISION = "controller-revision-hash";
/** Well as long as the file is there. */
const WELL = "touch /tmp/well; trap 'exit 0' TERM; while :; do sleep 1; done";
const readinessProbe = { exec: { command: ["test", "-e", "/tmp/well"] }, periodSeconds: 1, failureThreshold: 1 };
const checked = () => podSpec(undefined, { containers: [container(WELL, { readinessProbe })] });
const sicken = (t: BehaviourContext, name: string) => t.exec(name, ["rm", "/tmp/well"]);
const heal = (t: BehaviourContext, name: string) => t.exec(name, ["touch", "/tmp/well"]);

const make = async (t: BehaviourContext, replicas: number, more: object = {}) => {
  const { client, namespace } = t;
  await client.create(services, {
    metadata: { namespace, name: "db" },
    spec: { clusterIP: "None", selector: { app: "db" }, ports: [{ port: 80 }] },
  });
  const { metadata, spec } = workload("db", replicas, { serviceName: "db", ...more });
  await client.create(statefulsets, { metadata: { ...metadata, namespace }, spec });
};
const ready = (t: BehaviourContext, count: number) =>
  t.until(
    statefulsets,
    "db",
    `${count} ready replicas`,
    (it) => it?.status.replicas === count && (it.status.readyReplicas ?? 0) === count,
    90_000,
  );
const updated = (t: BehaviourContext, what: string, is: (set: StatefulSet) => unknown) =>
  t.until(
    statefulsets,
    "db",
    what,
    (it) => it && it.status.observedGeneration === it.metadata.generation && is(it),
    90_000,
  );
const merge = ({ client, namespace }: BehaviourContext, body: object) =>
  client.patch(statefulsets, { namespace, name: "db" }, { type: "merge", body });
const podNamed = ({ client, namespace }: BehaviourContext, ordinal: number) =>
  client.get(pods, { namespace, name: `db-${ordinal}` });
const podsOf = async ({ client, namespace }: BehaviourContext) =>
  (await client.list(pods, { namespace, labelSelector: "app=db" })).items;
const revisionOf = ({ metadata }: Pod) => metadata.labels?.[REVISION];
const graceOf = ({ spec }: Pod) => Number(spec.terminationGracePeriodSeconds);
const templateWith = (grace: number) =>
  template({ app: "db" }, podSpec(undefined, { terminationGracePeriodSeconds: grace }));

behaviour(
  `${BASIC} Burst scaling should run to completion even with unhealthy pods [Slow] [Conformance]`,
  { on: "containers", timeoutSeconds: 240 },
  async (t) => {
    await make(t, 1, { podManagementPolicy: "Parallel", template: template({ app: "db" }, checked()) });
    await ready(t, 1);
    await sicken(t, "db-0");
    await t.until(pods, "db-0", "the first pod to be unwell", (pod) => pod && !isReady(pod));
    // An unhealthy pod does not hold up the others, neither on the way up ...
    await merge(t, { spec: { replicas: 3 } });
    await t.until(
      statefulsets,
      "db",
      "three replicas, two of them ready",
      (it) => it?.status.replicas === 3 && it.status.readyReplicas === 2,
    );
    assert.ok(!isReady(await podNamed(t, 0)));
    await heal(t, "db-0");
    await ready(t, 3);
    // ... nor on the way down.
    for (const ordinal of [0, 1, 2]) await sicken(t, `db-${ordinal}`);
    await t.until(statefulsets, "db", "no ready replica", (it) => !it?.status.readyReplicas);
    await merge(t, { spec: { replicas: 0 } });
    await t.eventually("all pods to be gone", async () => (await podsOf(t)).length === 0);
  },
);

behaviour(
  `${BASIC} Scaling should happen in predictable order and halt if any stateful pod is unhealthy [Slow] [Conformance]`,
  { on: "containers", timeoutSeconds: 300 },
  async (t) => {
    const watch = await watching(t, pods, t.namespace, "app=db");
    await make(t, 1, { template: template({ app: "db" }, checked()) });
    await ready(t, 1);
    await sicken(t, "db-0");
    await t.until(
      statefulsets,
      "db",
      "no ready replica",
      (it) => it?.status.replicas === 1 && !it.status.readyReplicas,
    );
    const scaledUp = await merge(t, { spec: { replicas: 3 } });
    // It has seen what is wanted, and makes no second pod while the first is unwell.
    await updated(t, "the wish to be seen", (it) => it.metadata.generation === scaledUp.metadata.generation);
    assert.deepEqual(
      (await podsOf(t)).map(({ metadata }) => metadata.name),
      ["db-0"],
    );
    await heal(t, "db-0");
    await ready(t, 3);
    const order = (type: string) => [
      ...new Set(watch.seen.filter((event) => event.type === type).map(({ object }) => object.metadata.name)),
    ];
    assert.deepEqual(order("ADDED"), ["db-0", "db-1", "db-2"]);
    for (const ordinal of [0, 1, 2]) await sicken(t, `db-${ordinal}`);
    await t.until(
      statefulsets,
      "db",
      "no ready replica",
      (it) => it?.status.replicas === 3 && !it.status.readyReplicas,
    );
    const scaledDown = await merge(t, { spec: { replicas: 0 } });
    await updated(t, "the wish to be seen", (it) => it.metadata.generation === scaledDown.metadata.generation);
    assert.equal((await podsOf(t)).filter(({ metadata }) => !metadata.deletionTimestamp).length, 3);
    // The first of the unhealthy ones may go as it is.
    for (const ordinal of [2, 1]) await heal(t, `db-${ordinal}`);
    await t.eventually("all pods to be gone", async () => (await podsOf(t)).length === 0, 90_000);
    await t.eventually("each deletion to be seen", () => order("DELETED").length === 3);
    assert.deepEqual(order("DELETED"), ["db-2", "db-1", "db-0"]);
  },
);

behaviour(`${BASIC} Should recreate evicted statefulset [Conformance]`, { on: "simulated" }, async (t) => {
  const { client, namespace } = t;
  const [node] = t.cluster.nodes;
  // A pod on the node has the port that the StatefulSet's pod needs there.
  const port = { containers: [container(undefined, { ports: [{ containerPort: 21017, hostPort: 21017 }] })] };
  await client.create(pods, {
    metadata: { namespace, name: "first" },
    spec: podSpec(undefined, { nodeName: node, ...port }),
  });
  await t.podReady("first");
  const watch = await watching(t, pods, namespace, "app=db");
  await make(t, 1, { template: template({ app: "db" }, podSpec(undefined, { nodeName: node, ...port })) });
  await watch.expect("MODIFIED", ({ status }) => status.phase === "Failed");
  await watch.expect("DELETED");
  await client.delete(pods, { namespace, name: "first" }, { gracePeriodSeconds: 0 });
  const seen = watch.seen[0]?.object.metadata.uid;
  const again = await t.until(
    pods,
    "db-0",
    "a new pod that runs",
    (pod) => pod && pod.metadata.uid !== seen && isReady(pod),
  );
  assert.equal(again.spec.nodeName, node);
});

behaviour(
  `${BASIC} should list, patch and delete a collection of StatefulSets [Conformance]`,
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    await make(t, 1);
    await ready(t, 1);
    const labelSelector = "app=db";
    assert.equal((await client.list(statefulsets, { labelSelector, namespace })).items.length, 1);
    await merge(t, { metadata: { labels: { patched: "yes" } }, spec: { replicas: 2, template: templateWith(2) } });
    const patched = await updated(
      t,
      "two new replicas",
      ({ status }) => status.readyReplicas === 2 && status.updatedReplicas === 2,
    );
    assert.equal(patched.metadata.labels?.patched, "yes");
    assert.equal(patched.spec.template.spec?.terminationGracePeriodSeconds, 2);
    await client.deleteCollection(statefulsets, { namespace, labelSelector });
    await t.eventually(
      "none to be left",
      async () => (await client.list(statefulsets, { namespace, labelSelector })).items.length === 0,
    );
  },
);

behaviour(
  `${BASIC} should perform canary updates and phased rolling updates of template modifications [Conformance]`,
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    const partition = (count: number) => ({
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: count } },
    });
    await make(t, 3, { ...partition(3), template: templateWith(1) });
    const { status: first } = await ready(t, 3);
    assert.equal(first.currentRevision, first.updateRevision);
    // Nothing moves while the partition holds all of them.
    await merge(t, { spec: { template: templateWith(2) } });
    const { status: second } = await updated(
      t,
      "a new revision",
      ({ status }) => status.updateRevision !== status.currentRevision,
    );
    for (const ordinal of [0, 1, 2]) assert.equal(revisionOf(await podNamed(t, ordinal)), second.currentRevision);
    // A canary.
    await merge(t, { spec: partition(2) });
    await updated(t, "the canary", ({ status }) => status.updatedReplicas === 1 && status.readyReplicas === 3);
    const revisions = async () => [await podNamed(t, 0), await podNamed(t, 1), await podNamed(t, 2)].map(revisionOf);
    assert.deepEqual(await revisions(), [second.currentRevision, second.currentRevision, second.updateRevision]);
    // What is deleted meanwhile comes back as the partition says.
    for (const ordinal of [0, 2]) {
      const { uid } = (await podNamed(t, ordinal)).metadata;
      await client.delete(pods, { namespace, name: `db-${ordinal}` });
      await t.until(pods, `db-${ordinal}`, "a new pod", (pod) => pod && pod.metadata.uid !== uid && isReady(pod));
    }
    await ready(t, 3);
    assert.deepEqual(await revisions(), [second.currentRevision, second.currentRevision, second.updateRevision]);
    // In phases.
    for (const count of [1, 0]) {
      await merge(t, { spec: partition(count) });
      await updated(t, `a partition of ${count}`, ({ status }) =>
        count === 0
          ? status.currentRevision === second.updateRevision && status.readyReplicas === 3
          : status.updatedReplicas === 2 && status.readyReplicas === 3,
      );
    }
    assert.deepEqual(
      await revisions(),
      Array.from({ length: 3 }, () => second.updateRevision),
    );
  },
);

behaviour(
  `${BASIC} should perform rolling updates and roll backs of template modifications [Conformance]`,
  { on: "simulated" },
  async (t) => {
    await make(t, 3, { template: templateWith(1) });
    const { status: first } = await ready(t, 3);
    assert.equal(first.currentRevision, first.updateRevision);
    const watch = await watching(t, pods, t.namespace, "app=db");
    const rollTo = async (grace: number) => {
      await merge(t, { spec: { template: templateWith(grace) } });
      const done = await updated(
        t,
        `a rollout to ${grace}`,
        ({ status }) =>
          status.currentRevision === status.updateRevision &&
          status.updatedReplicas === 3 &&
          status.readyReplicas === 3,
      );
      for (const ordinal of [0, 1, 2]) {
        const pod = await podNamed(t, ordinal);
        assert.deepEqual([graceOf(pod), revisionOf(pod)], [grace, done.status.updateRevision]);
      }
      return done.status;
    };
    const second = await rollTo(2);
    assert.notEqual(second.updateRevision, first.updateRevision);
    // One at a time, the last one first.
    const gone = watch.seen.filter(({ type }) => type === "DELETED").map(({ object }) => object.metadata.name);
    assert.deepEqual(gone, ["db-2", "db-1", "db-0"]);
    const back = await rollTo(1);
    assert.equal(back.updateRevision, first.updateRevision, "what was before is found again, and no new revision made");
  },
);

behaviour(`${BASIC} should validate Statefulset Status endpoints [Conformance]`, { on: "simulated" }, async (t) => {
  await make(t, 1);
  await ready(t, 1);
  await statusVerbs(t, statefulsets, "db");
});
