/**
 * Which of the nodes that fit is best: each plugin's scores, brought into 0..100, times its weight. The best one wins; among equals chance
 * decides, each with the same probability.
 */
import type { PodGroup } from "@kubets/api/generated/types/scheduling-v1alpha2";
import { type Random, randomInt } from "@kubets/machinery";
import type { Answers } from "./answers.ts";
import type { CycleState } from "./cycle-state.ts";
import type { GroupFit } from "./group-placement.ts";
import { inPoint } from "./instrumented.ts";
import type { PodInfo } from "./pod-info.ts";
import type { Profile } from "./profile.ts";
import type { NodeInfo, Snapshot } from "./snapshot.ts";

export const MAX_SCORE = 100;

export interface Scores {
  /** In the order of the nodes. */
  readonly totals: readonly number[];
  readonly byPlugin: readonly PluginScores[];
}

export interface PluginScores {
  readonly plugin: string;
  readonly weight: number;
  readonly scores: readonly number[];
}

/** What is known of pods alike, and where the nodes stand there. */
export interface Known {
  readonly answers: Answers;
  readonly slots: readonly number[];
}

export function scoreNodes(
  profile: Profile,
  info: PodInfo,
  nodes: readonly NodeInfo[],
  snapshot: Snapshot,
  state: CycleState,
  known?: Known,
): Scores {
  const { pod } = info;
  const skipped = new Set<string>();
  inPoint(profile, "preScore", () => {
    for (const plugin of profile.points.preScore) {
      if (plugin.preScore(pod, nodes, snapshot, state) === "skip") skipped.add(plugin.name);
    }
  });
  return inPoint(profile, "score", () => scoresOf(profile, info, nodes, state, skipped, known));
}

function scoresOf(
  profile: Profile,
  info: PodInfo,
  nodes: readonly NodeInfo[],
  state: CycleState,
  skipped: ReadonlySet<string>,
  known: Known | undefined,
): Scores {
  const { pod } = info;
  const totals = nodes.map(() => 0);
  const byPlugin: PluginScores[] = [];
  for (const plugin of profile.points.score) {
    if (skipped.has(plugin.name)) continue;
    const weight = profile.weights.get(plugin.name) ?? 1;
    const scores =
      known && plugin.dependsOn
        ? known.answers.scores(plugin, info, nodes, known.slots, state)
        : nodes.map((node) => plugin.score(pod, node, state));
    plugin.normalize?.(scores, nodes, pod, state);
    addUp(totals, plugin.name, weight, scores);
    byPlugin.push({ plugin: plugin.name, weight, scores });
  }
  return { totals, byPlugin };
}

/** The same for places of a whole group, in their order. */
export function scorePlacements(profile: Profile, group: PodGroup, fits: readonly GroupFit[]): number[] {
  const totals = fits.map(() => 0);
  inPoint(profile, "placementScore", () => {
    for (const plugin of profile.points.placementScore) {
      const scores = fits.map((fit) => plugin.placementScore(group, fit));
      plugin.normalizePlacements?.(scores);
      addUp(totals, plugin.name, profile.placementWeights.get(plugin.name) ?? 1, scores);
    }
  });
  return totals;
}

function addUp(totals: number[], plugin: string, weight: number, scores: readonly number[]): void {
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] as number;
    if (!(score >= 0 && score <= MAX_SCORE))
      throw new RangeError(`plugin ${plugin} returns an invalid score ${score}, it should be in [0, 100]`);
    totals[i] = (totals[i] as number) + weight * score;
  }
}

/** The index of the best, chance among equals. */
export function selectBest(totals: readonly number[], random: Random): number {
  let best = 0;
  let equals = 1;
  for (let i = 1; i < totals.length; i++) {
    const score = totals[i] as number;
    const top = totals[best] as number;
    if (score > top) {
      best = i;
      equals = 1;
    } else if (score === top && randomInt(random, ++equals) === 0) best = i;
  }
  return best;
}

/** Brings scores into 0..100 by the largest of them; `reverse`: the less the better. */
export function normalizeByMax(scores: number[], reverse = false): void {
  let max = 0;
  for (let i = 0; i < scores.length; i++) max = Math.max(max, scores[i] as number);
  for (let i = 0; i < scores.length; i++) {
    const part = max === 0 ? 0 : Math.trunc((MAX_SCORE * (scores[i] as number)) / max);
    scores[i] = reverse ? MAX_SCORE - part : part;
  }
}
