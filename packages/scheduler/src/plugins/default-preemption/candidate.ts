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

/** The first of those that do the least harm. */
export function selectCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  let best: Candidate | undefined;
  for (const candidate of candidates) if (!best || isLess(harmOf(candidate), harmOf(best))) best = candidate;
  return best;
}

/** Candidates are kept for pods alike, and so is what they would do. */
const harms = new WeakMap<Candidate, readonly number[]>();

function harmOf(candidate: Candidate): readonly number[] {
  let harm = harms.get(candidate);
  if (!harm) harms.set(candidate, (harm = HARM.map((of) => of(candidate))));
  return harm;
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((harm, i) => harm !== b[i]);
  return at >= 0 && (a[at] as number) < (b[at] as number);
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
export const startOf = ({ pod }: PodInfo): number =>
  pod.status.startTime ? Date.parse(pod.status.startTime) : Number.MAX_SAFE_INTEGER;
