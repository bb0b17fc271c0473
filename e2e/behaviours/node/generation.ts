/** A pod's generation counts what was asked of it; its status says how far the node has come. */
import assert from "node:assert/strict";
import { pods } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { podSpec } from "../objects.ts";
import { createPod } from "../output.ts";

const PREFIX = "[sig-node] Pods Extended (pod generation) Pod Generation";
const put = async (t: BehaviourContext, body: object) => {
  const changed = await t.client.patch(pods, { namespace: t.namespace, name: "it" }, { type: "merge", body });
  return changed.metadata.generation ?? 0;
};
const reaches = (t: BehaviourContext, generation: number) =>
  t.until(
    pods,
    "it",
    `generation ${generation} to be observed`,
    ({ metadata, status } = {} as never) =>
      metadata?.generation === generation && status.observedGeneration === generation,
  );

behaviour(
  `${PREFIX} pod generation should start at 1 and increment per update [MinimumKubeletVersion:1.34] [Conformance]`,
  { on: "simulated" },
  async (t) => {
    const made = await createPod(t, { metadata: { name: "it" }, spec: podSpec() });
    assert.equal(made.metadata.generation, 1);
    await t.podReady("it");
    await reaches(t, 1);
    assert.equal(await put(t, { metadata: { labels: { a: "b" } } }), 1, "labels are nothing that the node does");
    const toleration = { key: "any", operator: "Exists", effect: "NoSchedule" };
    const { spec } = await t.client.get(pods, { namespace: t.namespace, name: "it" });
    assert.equal(await put(t, { spec: { tolerations: [...(spec.tolerations ?? []), toleration] } }), 2);
    await reaches(t, 2);
    assert.equal(await put(t, { spec: { activeDeadlineSeconds: 5000 } }), 3);
    await reaches(t, 3);
    assert.equal(await put(t, { spec: { activeDeadlineSeconds: 5000 } }), 3, "what changes nothing counts for nothing");
  },
);

behaviour(
  `${PREFIX} custom-set generation on new pods and graceful delete [Conformance]`,
  { on: "containers" },
  async (t) => {
    const spec = podSpec("trap '' TERM; while :; do sleep 0.1; done", { terminationGracePeriodSeconds: 5 });
    const made = await createPod(t, { metadata: { name: "it", generation: 100 }, spec });
    assert.equal(made.metadata.generation, 1);
    await t.podReady("it");
    await t.client.delete(pods, { namespace: t.namespace, name: "it" });
    await reaches(t, 2);
    await t.untilGone(pods, "it");
  },
);

behaviour(
  `${PREFIX} issue 500 podspec updates and verify generation and observedGeneration eventually converge [MinimumKubeletVersion:1.34] [Conformance]`,
  { on: "simulated", timeoutSeconds: 180 },
  async (t) => {
    await createPod(t, { metadata: { name: "it" }, spec: podSpec(undefined, { activeDeadlineSeconds: 10_000 }) });
    await t.podReady("it");
    for (let n = 1; n < 500; n++) assert.equal(await put(t, { spec: { activeDeadlineSeconds: 10_000 - n } }), n + 1);
    await reaches(t, 500);
  },
);
