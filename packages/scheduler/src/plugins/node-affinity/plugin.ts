/**
 * A pod goes to nodes that its nodeSelector and required node affinity match (and the profile's added affinity), preferably to those
 * that its preferred terms match. Terms that name the nodes themselves narrow the search to these.
 */
import type {
  Node,
  NodeAffinity,
  NodeSelectorTerm,
  Pod,
  PreferredSchedulingTerm,
} from "@kubets/api/generated/types/core-v1";
import { matchesNodeAffinity, matchesNodeSelector, matchesNodeTerm } from "@kubets/api/pod/node-affinity";
import { stateKey } from "../../framework/cycle-state.ts";
import type { PluginFactory } from "../../framework/handle.ts";
import type { Plugin } from "../../framework/plugin.ts";
import { normalizeByMax } from "../../framework/scoring.ts";

const NAME = "NodeAffinity";
const NO_MATCH = { plugin: NAME, reasons: ["node(s) didn't match Pod's node affinity/selector"], lasting: true };
const NO_ADDED_MATCH = {
  plugin: NAME,
  reasons: ["node(s) didn't match scheduler-enforced node affinity"],
  lasting: true,
};

const PREFERRED = stateKey<readonly PreferredSchedulingTerm[]>(NAME);

export const nodeAffinity: PluginFactory = (_, args) =>
  nodeAffinityPlugin(args.addedAffinity as NodeAffinity | undefined);

export function nodeAffinityPlugin(added: NodeAffinity = {}): Plugin {
  const addedRequired = added.requiredDuringSchedulingIgnoredDuringExecution;
  const addedPreferred = added.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return {
    name: NAME,
    hints: [
      { events: ["node/add", "node/labels"], hint: (pod, _, now) => (matches(pod, now as Node) ? "queue" : "skip") },
      { events: ["pod/self"] },
    ],
    dependsOn: ({ pod: { spec } }) => [spec.nodeSelector, spec.affinity?.nodeAffinity],
    preFilter(pod) {
      if (!required(pod) && !addedRequired) return { skip: true };
      const nodes = namedNodes(required(pod)?.nodeSelectorTerms);
      return nodes && { nodes };
    },
    filter(pod, { node }) {
      if (addedRequired && !matchesNodeSelector(addedRequired, node)) return NO_ADDED_MATCH;
      return matches(pod, node) ? undefined : NO_MATCH;
    },
    preScore(pod, _nodes, _snapshot, state) {
      const own = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
      if (own.length + addedPreferred.length === 0) return "skip";
      state.set(PREFERRED, [...own, ...addedPreferred]);
      return undefined;
    },
    score(_, { node }, state) {
      let sum = 0;
      for (const { weight, preference } of state.get(PREFERRED) ?? [])
        if (matchesNodeTerm(preference, node)) sum += weight;
      return sum;
    },
    normalize: (scores) => normalizeByMax(scores),
  };
}

const matches = (pod: Pod, node: Node) => matchesNodeAffinity(pod.spec, node);

/** The pod's own demand; a nodeSelector alone counts as one without terms. */
const required = ({ spec }: Pod) =>
  spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution ??
  (spec.nodeSelector && Object.keys(spec.nodeSelector).length ? { nodeSelectorTerms: undefined } : undefined);

/** The nodes that the terms name, if each of them names some. */
function namedNodes(terms: readonly NodeSelectorTerm[] | undefined): Set<string> | undefined {
  if (!terms?.length) return undefined;
  let all = new Set<string>();
  for (const { matchFields } of terms) {
    let named: Set<string> | undefined;
    for (const { key, operator, values } of matchFields ?? []) {
      if (key !== "metadata.name" || operator !== "In") continue;
      named = named ? named.intersection(new Set(values)) : new Set(values);
    }
    if (!named) return undefined;
    all = all.union(named);
  }
  return all;
}
