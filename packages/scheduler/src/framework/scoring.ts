/**
 * Which of the nodes that fit is best: each plugin's scores, brought into 0..100, times its weight. The best one wins; among equals chance
 * decides, each with the same probability.
 */
import { type Random, randomInt } from "@kubets/machinery";
import type { CycleState } from "./cycle-state.ts";
import type { PodInfo } from "./pod-info.ts";
import type { Profile, With } from "./profile.ts";
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

export function scoreNodes(
  profile: Profile,
  { pod }: PodInfo,
  nodes: readonly NodeInfo[],
  snapshot: Snapshot,
  state: CycleState,
): Scores {
  const skipped = new Set<string>();
  for (const plugin of profile.points.preScore) {
    if (plugin.preScore(pod, nodes, snapshot, state) === "skip") skipped.add(plugin.name);
  }
  const totals = nodes.map(() => 0);
  const byPlugin: PluginScores[] = [];
  for (const plugin of profile.points.score) {
    if (skipped.has(plugin.name)) continue;
    const weight = profile.weights.get(plugin.name) ?? 1;
    const scores = scoresOf(plugin, pod, nodes, state);
    for (let i = 0; i < scores.length; i++) totals[i] = (totals[i] as number) + weight * (scores[i] as number);
    byPlugin.push({ plugin: plugin.name, weight, scores });
  }
  return { totals, byPlugin };
}

function scoresOf(
  plugin: With<"score">,
  pod: PodInfo["pod"],
  nodes: readonly NodeInfo[],
  state: CycleState,
): readonly number[] {
  const scores: number[] = [];
  for (let i = 0; i < nodes.length; i++) scores.push(plugin.score(pod, nodes[i] as NodeInfo, state));
  plugin.normalize?.(scores, nodes, pod, state);
  for (const score of scores) {
    if (!(score >= 0 && score <= MAX_SCORE))
      throw new RangeError(`plugin ${plugin.name} returns an invalid score ${score}, it should be in [0, 100]`);
  }
  return scores;
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
  for (const score of scores) if (score > max) max = score;
  for (let i = 0; i < scores.length; i++) {
    const part = max === 0 ? 0 : Math.trunc((MAX_SCORE * (scores[i] as number)) / max);
    scores[i] = reverse ? MAX_SCORE - part : part;
  }
}
