/**
 * What is known of all pods while they are still being read: how many there are, and those that are not well, are told before.
 * Holds: no pod counts twice, and none is taken for one that is well before it was read. Pure.
 */
import { type PodBrief, type PodsTotal, podsTotal } from "./pod-brief.ts";

/** What the server finds at once, however many pods there are. */
export interface PodGlance {
  /** Undefined where it does not tell. */
  readonly all: number | undefined;
  /** Those that neither run nor have succeeded, as far as they fit on one page. */
  readonly unwell: readonly PodBrief[];
}

export interface PodCount extends PodsTotal {
  /** How many there are, as far as that is known. */
  readonly all: number | undefined;
  /** Of how many of them the rest is told. */
  readonly counted: number;
  readonly isWhole: boolean;
}

export function countWhole(pods: readonly PodBrief[]): PodCount {
  return { ...podsTotal(pods), all: pods.length, counted: pods.length, isWhole: true };
}

export function countSoFar(read: readonly PodBrief[], glance: PodGlance | undefined): PodCount {
  const ahead = new Map(glance?.unwell.map((pod) => [pod.metadata.uid, pod]));
  for (const { metadata } of read) ahead.delete(metadata.uid);
  const known = [...read, ...ahead.values()];
  // Since the glance some may have come.
  const all = glance?.all === undefined ? undefined : Math.max(glance.all, known.length);
  return { ...podsTotal(known), all, counted: known.length, isWhole: false };
}
