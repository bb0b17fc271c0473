/** What preferred terms, the pod's own and those of running pods, say for and against the domains of a topology. */
import { type AffinityTerm, termMatches } from "../../framework/affinity-term.ts";
import { stateKey } from "../../framework/cycle-state.ts";
import type { CountView } from "../../framework/pod-counter.ts";
import type { PodInfo } from "../../framework/pod-info.ts";
import { MAX_SCORE } from "../../framework/scoring.ts";
import type { NodeInfo, Snapshot, TermKind } from "../../framework/snapshot.ts";
import { countedBy } from "./counted.ts";

export interface InterPodAffinityArgs {
  /** How much the required affinity of a running pod speaks for its node. */
  readonly hardPodAffinityWeight?: number;
  readonly ignorePreferredTermsOfExistingPods?: boolean;
}

interface Preference {
  readonly counts: CountView;
  /** Negative: speaks against. */
  readonly weight: number;
}

export const PREFERENCES = stateKey<readonly Preference[]>("InterPodAffinity/preferences");

export function preferencesOf(pod: PodInfo, snapshot: Snapshot, args: InterPodAffinityArgs): Preference[] {
  const found: Preference[] = [];
  const own = (term: AffinityTerm, weight: number) => {
    const counts = snapshot.counts(countedBy([term], term.topologyKey, snapshot));
    if (counts.total) found.push({ counts, weight });
  };
  const running = (kind: TermKind, factor: number) => {
    if (factor === 0) return;
    for (const { term, weight, counts } of snapshot.terms(kind, pod.pod)) {
      if (termMatches(term, pod.pod, snapshot.namespaceLabels)) found.push({ counts, weight: weight * factor });
    }
  };
  for (const term of pod.preferredAffinity) own(term, term.weight);
  for (const term of pod.preferredAntiAffinity) own(term, -term.weight);
  const ownPreferences = pod.preferredAffinity.length + pod.preferredAntiAffinity.length > 0;
  if (args.ignorePreferredTermsOfExistingPods && !ownPreferences) return found;
  running("requiredAffinity", args.hardPodAffinityWeight ?? 1);
  running("preferredAffinity", 1);
  running("preferredAntiAffinity", -1);
  return found;
}

export function scoreOf(preferences: readonly Preference[], { slot }: NodeInfo): number {
  let sum = 0;
  for (const { counts, weight } of preferences) sum += weight * counts.at(slot);
  return sum;
}

/** The worst node gets 0, the best 100; all 0 where they do not differ. */
export function normalize(scores: number[]): void {
  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < scores.length; i++) {
    min = Math.min(min, scores[i] as number);
    max = Math.max(max, scores[i] as number);
  }
  const range = max - min;
  for (let i = 0; i < scores.length; i++) {
    scores[i] = range > 0 ? Math.trunc((MAX_SCORE * ((scores[i] as number) - min)) / range) : 0;
  }
}
