/** A node with the pods that would have to go, and which of several is best. */
import type { PreemptionCandidate } from "../../framework/handle.ts";
import type { PodInfo } from "../../framework/pod-info.ts";

export type Candidate = PreemptionCandidate;

/** Priorities may be negative; each counts as above zero, so that fewer victims are better. */
const PRIORITY_SHIFT = 2 ** 31;

/** The less the better, one after the other: each decides only among those that the former left equal. */
const HARM: readonly ((candidate: Candidate) => number)[] = [
  ({ violations }) => violations,
  ({ victims }) => victims[0]?.priority ?? -Infinity,
  ({ victims }) => victims.reduce((sum, { priority }) => sum + priority + PRIORITY_SHIFT, 0),
  ({ victims }) => victims.length,
  (candidate) => -earliestStart(candidate),
];

export function selectCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  let left = candidates;
  for (const harm of HARM) {
    if (left.length <= 1) break;
    const least = left.reduce((min, candidate) => Math.min(min, harm(candidate)), Infinity);
    left = left.filter((candidate) => harm(candidate) === least);
  }
  return left[0];
}

/** More important pods are kept rather: by priority, then by who has run for longer. */
export const byImportance = (a: PodInfo, b: PodInfo): number => b.priority - a.priority || startOf(a) - startOf(b);

/** When the first of the most important victims started. */
function earliestStart({ victims }: Candidate): number {
  const highest = victims[0]?.priority;
  const starts = victims.filter(({ priority }) => priority === highest).map(startOf);
  return Math.min(...starts);
}

/** A pod that has not started counts as the newest. */
const startOf = ({ pod }: PodInfo): number =>
  pod.status.startTime ? Date.parse(pod.status.startTime) : Number.MAX_SAFE_INTEGER;
