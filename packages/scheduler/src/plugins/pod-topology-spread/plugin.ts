/**
 * Spreads pods of a kind evenly over the domains of a topology. Constraints with DoNotSchedule refuse nodes, those with ScheduleAnyway
 * score them; a pod without constraints of its own gets the profile's default ones, for the pods of its services and owner.
 */
import type { TopologySpreadConstraint } from "@kubets/api/generated/types/core-v1";
import type { PluginFactory } from "../../framework/handle.ts";
import type { Plugin } from "../../framework/plugin.ts";
import type { NodeInfo } from "../../framework/snapshot.ts";
import { type DefaultSelector, trackDefaultSelectors } from "./default-selector.ts";
import { HARD, type HardConstraint, hardConstraints } from "./hard.ts";
import { normalize, SOFT, type SoftState, scoreOf, softState } from "./soft.ts";

const NAME = "PodTopologySpread";
const UNEVEN = { plugin: NAME, reasons: ["node(s) didn't match pod topology spread constraints"] };
const NO_LABEL = {
  plugin: NAME,
  reasons: ["node(s) didn't match pod topology spread constraints (missing required label)"],
  lasting: true,
};

export interface PodTopologySpreadArgs {
  /** With "List" the constraints that follow, else the system's own. */
  readonly defaultingType?: "System" | "List";
  readonly defaultConstraints?: readonly TopologySpreadConstraint[];
}

const SYSTEM_DEFAULTS: readonly TopologySpreadConstraint[] = [
  { topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "ScheduleAnyway", maxSkew: 3 },
  { topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "ScheduleAnyway", maxSkew: 5 },
];

export const podTopologySpread: PluginFactory = ({ cache, featureGates }, args) =>
  podTopologySpreadPlugin(
    trackDefaultSelectors(cache),
    args,
    featureGates.enabled("MatchLabelKeysInPodTopologySpread"),
  );

export function podTopologySpreadPlugin(
  selectorOf: DefaultSelector,
  args: PodTopologySpreadArgs = {},
  labelKeys = true,
): Plugin {
  const system = args.defaultingType !== "List";
  const defaults = {
    constraints: system ? SYSTEM_DEFAULTS : (args.defaultConstraints ?? []),
    selectorOf,
    system,
    labelKeys,
  };
  return {
    name: NAME,
    hints: [
      { events: ["pod/bound-add", "pod/bound-update", "pod/bound-delete", "pod/self"] },
      { events: ["node/add", "node/delete", "node/labels", "node/taints"] },
    ],
    preFilter(pod, snapshot, state) {
      const constraints = hardConstraints(pod, snapshot, defaults);
      if (constraints.length === 0) return { skip: true };
      state.set(HARD, constraints);
      return undefined;
    },
    filter: (_, node, state) => refusalOf(state.get(HARD) as readonly HardConstraint[], node),
    addPod(_, other, node, state) {
      for (const { counts } of state.get(HARD) ?? []) counts.change(other, node.slot, 1);
    },
    removePod(_, other, node, state) {
      for (const { counts } of state.get(HARD) ?? []) counts.change(other, node.slot, -1);
    },
    preScore(pod, nodes, snapshot, state) {
      const soft = softState(pod, nodes, snapshot, defaults);
      if (!soft) return "skip";
      state.set(SOFT, soft);
      return undefined;
    },
    score: (_, node, state) => scoreOf(state.get(SOFT) as SoftState, node),
    normalize: (scores, nodes, _, state) => normalize(scores, nodes, state.get(SOFT) as SoftState),
  };
}

function refusalOf(constraints: readonly HardConstraint[], { slot }: NodeInfo) {
  for (const { maxSkew, minDomains, self, counts } of constraints) {
    if (counts.topology.of(slot) === 0) return NO_LABEL;
    if (counts.at(slot) + self - counts.min(minDomains) > maxSkew) return UNEVEN;
  }
  return undefined;
}
