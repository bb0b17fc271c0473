/** A pod stays off nodes whose taints it does not tolerate, and prefers nodes with few taints that only advise against it. */
import type { Node, Toleration } from "@kubets/api/generated/types/core-v1";
import { toleratesTaint, untoleratedTaint } from "@kubets/api/pod/tolerations";
import { stateKey } from "../../framework/cycle-state.ts";
import type { Plugin } from "../../framework/plugin.ts";
import { normalizeByMax } from "../../framework/scoring.ts";

const NAME = "TaintToleration";
const TAINTED = { plugin: NAME, reasons: ["node(s) had untolerated taint(s)"], lasting: true };
const TOLERATIONS = stateKey<readonly Toleration[]>(NAME);

export const taintToleration: Plugin = {
  name: NAME,
  hints: [
    {
      events: ["node/add", "node/taints"],
      hint: (pod, _, now) => (untolerated(now as Node, pod.spec.tolerations) ? "skip" : "queue"),
    },
    { events: ["pod/self"] },
  ],
  dependsOn: ({ pod }) => pod.spec.tolerations,
  filter(pod, { node }) {
    const { taints } = node.spec;
    return taints !== undefined && taints.length && untolerated(node, pod.spec.tolerations) ? TAINTED : undefined;
  },
  preScore(pod, _nodes, _snapshot, state) {
    const advising = ({ effect }: Toleration) => !effect || effect === "PreferNoSchedule";
    state.set(TOLERATIONS, pod.spec.tolerations?.filter(advising) ?? []);
    return undefined;
  },
  score(_, { node }, state) {
    const { taints } = node.spec;
    if (!taints?.length) return 0;
    const tolerations = state.get(TOLERATIONS);
    return taints.filter((taint) => taint.effect === "PreferNoSchedule" && !toleratesTaint(tolerations, taint)).length;
  },
  normalize: (scores) => normalizeByMax(scores, true),
};

const untolerated = (node: Node, tolerations: readonly Toleration[] | undefined) =>
  untoleratedTaint(node.spec.taints, tolerations, ["NoSchedule", "NoExecute"]);
