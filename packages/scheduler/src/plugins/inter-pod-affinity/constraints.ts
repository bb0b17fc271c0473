/** What required terms demand of a node, for one pod: counters of the pods that it must be near, and of those it must be away from. */
import { type AffinityTerm, termMatches } from "../../framework/affinity-term.ts";
import { stateKey } from "../../framework/cycle-state.ts";
import type { PodInfo } from "../../framework/pod-info.ts";
import type { NodeInfo, Snapshot } from "../../framework/snapshot.ts";
import { TrialCounts } from "../../framework/trial-counts.ts";
import { countedBy } from "./counted.ts";

export interface Constraints {
  readonly pod: PodInfo;
  readonly snapshot: Snapshot;
  /** Pods that match all the affinity terms, over the topology of each. */
  readonly near: readonly TrialCounts[];
  readonly away: readonly TrialCounts[];
  /** Terms of running pods that keep this pod away, by their signatures. */
  readonly existing: Map<string, TrialCounts>;
  /** The pod matches its own affinity terms. */
  readonly firstOfItsKind: boolean;
}

export const CONSTRAINTS = stateKey<Constraints>("InterPodAffinity");

/** Undefined where nothing is demanded. */
export function constraintsOf(pod: PodInfo, snapshot: Snapshot): Constraints | undefined {
  const existing = existingTerms(pod, snapshot);
  if (pod.affinity.length + pod.antiAffinity.length + existing.size === 0) return undefined;
  const counted = (terms: readonly AffinityTerm[], topologyKey: string) => {
    const pods = countedBy(terms, topologyKey, snapshot);
    return new TrialCounts(snapshot.counts(pods), (other) => (pods.matches(other.pod) ? 1 : 0));
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
  const found: Constraints["existing"] = new Map();
  for (const { term, counts } of snapshot.terms("requiredAntiAffinity", pod)) {
    if (termMatches(term, pod, snapshot.namespaceLabels))
      found.set(term.signature, new TrialCounts(counts, carried(term)));
  }
  return found;
}

/** Keeps the counts true while a trial gives a node a pod more or less. */
export function trial(
  { near, away, existing, pod, snapshot }: Constraints,
  other: PodInfo,
  node: NodeInfo,
  sign: 1 | -1,
): void {
  for (const term of other.antiAffinity) {
    if (existing.has(term.signature) || !termMatches(term, pod.pod, snapshot.namespaceLabels)) continue;
    existing.set(term.signature, new TrialCounts(snapshot.topology(term.topologyKey), carried(term)));
  }
  for (const entries of [near, away, existing.values()])
    for (const counts of entries) counts.change(other, node.slot, sign);
}

/** How many of a pod's terms mean the same as this one. */
const carried = (term: AffinityTerm) => (other: PodInfo) =>
  other.antiAffinity.filter(({ signature }) => signature === term.signature).length;
