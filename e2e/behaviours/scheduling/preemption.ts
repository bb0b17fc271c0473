/** A pod of higher priority takes the place of others where there is none left. */
import assert from "node:assert/strict";
import { pods, priorityclasses, replicasets } from "@kubets/api/generated/refs";
import type { PriorityClass } from "@kubets/api/generated/types/scheduling-v1";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { createPod } from "../output.ts";
import { everyVerb } from "../verbs.ts";
import { priorityClass, scarcePod, withScarce } from "./scarce.ts";

const placed = ({ until }: BehaviourContext, name: string) =>
  until(pods, name, `a node for ${name}`, (pod) => pod?.spec.nodeName);

behaviour(
  "[sig-scheduling] SchedulerPreemption [Serial] validates basic preemption works [Conformance]",
  { on: "simulated", alone: true },
  async (t) => {
    const node = await withScarce(t, 2);
    const [low, middle, high] = [await priorityClass(t, 1), await priorityClass(t, 100), await priorityClass(t, 1000)];
    await createPod(t, scarcePod("low", 1, { priorityClassName: low }));
    await placed(t, "low");
    await createPod(t, scarcePod("middle", 1, { priorityClassName: middle }));
    await placed(t, "middle");
    await createPod(t, scarcePod("high", 1, { priorityClassName: high }));
    assert.equal((await placed(t, "high")).spec.nodeName, node.metadata.name);
    await t.untilGone(pods, "low");
    const left = await t.client.get(pods, { namespace: t.namespace, name: "middle" });
    assert.deepEqual([left.spec.nodeName, left.metadata.deletionTimestamp], [node.metadata.name, undefined]);
  },
);

behaviour(
  "[sig-scheduling] SchedulerPreemption [Serial] validates pod disruption condition is added to the preempted pod [Conformance]",
  { on: "simulated", alone: true },
  async (t) => {
    await withScarce(t, 1);
    const [low, high] = [await priorityClass(t, 1), await priorityClass(t, 1000)];
    const finalizers = ["example.com/held"];
    const letGo = () =>
      t.client.patch(
        pods,
        { namespace: t.namespace, name: "victim" },
        { type: "merge", body: { metadata: { finalizers: [] } } },
      );
    await createPod(t, scarcePod("victim", 1, { priorityClassName: low }, { finalizers }));
    t.cleanup(() => letGo().catch(() => {}));
    await placed(t, "victim");
    await createPod(t, scarcePod("preemptor", 1, { priorityClassName: high }));
    const victim = await t.until(pods, "victim", "its going", (pod) => pod?.metadata.deletionTimestamp);
    const condition = victim.status.conditions?.find(({ type }) => type === "DisruptionTarget");
    assert.deepEqual([condition?.status, condition?.reason], ["True", "PreemptionByScheduler"]);
    await letGo();
    await t.untilGone(pods, "victim");
    await placed(t, "preemptor");
  },
);

behaviour(
  "[sig-scheduling] SchedulerPreemption [Serial] PreemptionExecutionPath runs ReplicaSets to verify preemption running path [Conformance]",
  { on: "simulated", alone: true },
  async (t) => {
    await withScarce(t, 5);
    const { client, namespace, until, eventually } = t;
    const values = [1, 2, 3, 4];
    const classes = await Promise.all(values.map((value) => priorityClass(t, value * 10)));
    const set = async (level: number, replicas: number, amount: number) => {
      const name = `rs-${level}`;
      const labels = { level: name };
      const { spec } = scarcePod(name, amount, { priorityClassName: classes[level - 1] });
      await client.create(replicasets, {
        metadata: { namespace, name },
        spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
      });
    };
    // Three levels fill the node: 1 of one each, and then the fourth asks for what all but the third have.
    await set(1, 1, 1);
    await set(2, 1, 1);
    await set(3, 1, 3);
    for (const level of [1, 2, 3])
      await until(replicasets, `rs-${level}`, "its pod", (rs) => rs?.status.readyReplicas === 1);
    await set(4, 1, 2);
    await until(replicasets, "rs-4", "the pod of the highest level", (rs) => rs?.status.readyReplicas === 1);
    const live = async (level: number) =>
      (await client.list(pods, { namespace, labelSelector: `level=rs-${level}` })).items.filter(
        ({ spec, metadata }) => spec.nodeName && !metadata.deletionTimestamp,
      ).length;
    await eventually("the lower two to wait, the higher two to run", async () => {
      const counts = await Promise.all(values.map(live));
      return counts.join() === "0,0,1,1";
    });
    for (const level of values)
      await until(replicasets, `rs-${level}`, "a pod, be it one that waits", (rs) => rs?.status.replicas === 1);
  },
);

behaviour(
  "[sig-scheduling] SchedulerPreemption [Serial] PriorityClass endpoints verify PriorityClass endpoints can be operated with different HTTP methods [Conformance]",
  { on: "api" },
  async (t) => {
    await everyVerb<PriorityClass>(t, priorityclasses, (name, labels) => ({ metadata: { name, labels }, value: 5 }));
    const name = await priorityClass(t, 7);
    const path = `/apis/scheduling.k8s.io/v1/priorityclasses/${name}`;
    const merge = { "content-type": "application/merge-patch+json" };
    const change = (method: string, body: object) => t.request(method, path, body, method === "PATCH" ? merge : {});
    const known = (await t.request("GET", path)).json as object;
    for (const [method, base] of [
      ["PATCH", {}],
      ["PUT", known],
    ] as const) {
      const described = await change(method, { ...base, description: `by ${method}` });
      assert.deepEqual([described.status, described.json.description], [200, `by ${method}`]);
      const { resourceVersion } = described.json.metadata as { resourceVersion: string };
      const now = method === "PUT" ? { ...known, metadata: { ...described.json.metadata, resourceVersion } } : {};
      const revalued = await change(method, { ...now, value: 8 });
      assert.equal(revalued.status, 422);
      assert.match(revalued.json.message as string, /value: Forbidden: may not be changed in an update/);
      Object.assign(known, { metadata: described.json.metadata });
    }
  },
);
