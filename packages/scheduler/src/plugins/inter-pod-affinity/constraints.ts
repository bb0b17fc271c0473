/** What required terms demand of a node, for one pod: counters of the pods that it must be near, and of those it must be away from. */
import { type AffinityTerm, termMatches } from "../../framework/affinity-term.ts";
import { stateKey } from "../../framework/cycle-state.ts";
import { labelDomain } from "../../framework/pod-counter.ts";
import type { PodInfo } from "../../framework/pod-info.ts";
import type { NodeInfo, Snapshot } from "../../framework/snapshot.ts";
import { TrialCounts } from "../../framework/trial-counts.ts";
import { countedBy } from "./counted.ts";

export interface Counted {
  readonly topologyKey: string;
  readonly counts: TrialCounts;
}

export interface Constraints {
  readonly pod: PodInfo;
  readonly snapshot: Snapshot;
  /** Pods that match all the affinity terms, over the topology of each. */
  readonly near: readonly Counted[];
  readonly away: readonly Counted[];
  /** Terms of running pods that keep this pod away. */
  readonly existing: (Counted & { readonly signature: string })[];
  /** The pod matches its own affinity terms. */
  readonly firstOfItsKind: boolean;
}

export const CONSTRAINTS = stateKey<Constraints>("InterPodAffinity");

/** Undefined where nothing is demanded. */
export function constraintsOf(pod: PodInfo, snapshot: Snapshot): Constraints | undefined {
  const existing = existingTerms(pod, snapshot);
  if (pod.affinity.length + pod.antiAffinity.length + existing.length === 0) return undefined;
  const counted = (terms: readonly AffinityTerm[], topologyKey: string): Counted => {
    const pods = countedBy(terms, topologyKey, snapshot);
    const weightOf = (other: PodInfo) => (pods.matches(other.pod) ? 1 : 0);
    return { topologyKey, counts: new TrialCounts(snapshot.counts(pods), weightOf, domainBy(topologyKey)) };
  };
  return {
    pod,
    snapshot,
    near: pod.affinity.map(({ topologyKey }) => counted(pod.affinity, topologyKey)),
    away: pod.antiAffinity.map((term) => counted([term], term.topologyKey)),
    existing,
    firstOfItsKind: pod.affinity.every((term) => termMatches(term, pod.pod, snapshot.namespaceLabels)),
  };
}

function existingTerms({ pod }: PodInfo, snapshot: Snapshot): Constraints["existing"] {
  const found: Constraints["existing"] = [];
  for (const { term, counts } of snapshot.terms("requiredAntiAffinity")) {
    if (!termMatches(term, pod, snapshot.namespaceLabels)) continue;
    found.push(existingTerm(term, new TrialCounts(counts, carried(term), domainBy(term.topologyKey))));
  }
  return found;
}

/** Keeps the counts true while a trial gives a node a pod more or less. */
export function trial(constraints: Constraints, other: PodInfo, node: NodeInfo, sign: 1 | -1): void {
  const { near, away, existing, pod, snapshot } = constraints;
  for (const term of other.antiAffinity) {
    if (existing.some(({ signature }) => signature === term.signature)) continue;
    if (!termMatches(term, pod.pod, snapshot.namespaceLabels)) continue;
    existing.push(existingTerm(term, new TrialCounts(undefined, carried(term), domainBy(term.topologyKey))));
  }
  for (const entries of [near, away, existing]) for (const { counts } of entries) counts.change(other, node, sign);
}

const existingTerm = ({ topologyKey, signature }: AffinityTerm, counts: TrialCounts) => ({
  topologyKey,
  signature,
  counts,
});

/** How many of a pod's terms mean the same as this one. */
const carried = (term: AffinityTerm) => (other: PodInfo) =>
  other.antiAffinity.filter(({ signature }) => signature === term.signature).length;

const domainBy = (topologyKey: string) => {
  const rule = labelDomain(topologyKey);
  return ({ node }: NodeInfo) => rule.of(node);
};
