/** Which pods a Job makes and ends next. Pure. */
import type { Job } from "@kubets/api/generated/types/batch-v1";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { firstToGo } from "../pods/deletion-order.ts";
import type { Counts } from "./counts.ts";
import { lastFailedByIndex } from "./counts.ts";
import { judgeFailure } from "./failure-policy.ts";
import { FAILURE_COUNT, IGNORED_FAILURE_COUNT } from "./names.ts";
import { failureCountOf, finishTimeOf, indexOf, isIndexed, type JobPods } from "./pods.ts";

const BURST = 500;
const BACKOFF_MS = 10_000;
const MAX_BACKOFF_MS = 600_000;

export interface NewJobPod {
  readonly index?: number;
  /** How often the index failed before, where that is counted by index. */
  readonly failures?: number;
  readonly ignoredFailures?: number;
}

export interface JobPlan {
  readonly create: readonly NewJobPod[];
  readonly remove: readonly Pod[];
  /** When the next pod may be made, if one waits for that. */
  readonly waitMs?: number;
}

/** `backoffMs`: how long it must still wait after its last failures. */
export function planJob(job: Job, sorted: JobPods, counts: Counts, backoffMs: number, now: number): JobPlan {
  const { active, terminating } = sorted;
  if (job.spec.suspend) return { create: [], remove: active.slice(0, BURST) };
  const wanted = wantedActive(job, active.length, counts);
  const remove = surplus(job, active, Math.max(0, active.length - wanted), counts, now);
  if (remove.length > 0) return { create: [], remove: remove.slice(0, BURST) };
  const waitsForEnd = job.spec.podReplacementPolicy === "Failed" || job.spec.podFailurePolicy !== undefined;
  const missing = Math.min(BURST, wanted - active.length - (waitsForEnd ? terminating : 0));
  if (missing <= 0) return { create: [], remove: [] };
  if (!isIndexed(job))
    return backoffMs > 0
      ? { create: [], remove: [], waitMs: backoffMs }
      : { create: Array.from({ length: missing }, () => ({})), remove: [] };
  if (job.spec.backoffLimitPerIndex === undefined)
    return backoffMs > 0
      ? { create: [], remove: [], waitMs: backoffMs }
      : {
          create: pendingIndexes(job, active, counts)
            .slice(0, missing)
            .map((index) => ({ index })),
          remove: [],
        };
  return planByIndex(job, sorted, counts, missing, now);
}

function wantedActive({ spec }: Job, active: number, { succeeded, failedIndexes }: Counts): number {
  const { completions, parallelism = 1 } = spec;
  // A work queue: once one has succeeded the others end by themselves.
  if (completions === undefined) return succeeded > 0 ? Math.min(active, parallelism) : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeeded - failedIndexes.size));
}

/** Those that nobody needs (an index twice, or done, or out of range), and as many more as there are too many. */
function surplus(job: Job, active: readonly Pod[], atLeast: number, counts: Counts, now: number): Pod[] {
  const useless = new Set<Pod>();
  if (isIndexed(job)) {
    const taken = new Set<number>();
    for (const pod of active.toSorted(
      (a, b) =>
        Number(Boolean(b.spec.nodeName)) - Number(Boolean(a.spec.nodeName)) ||
        a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp),
    )) {
      const index = indexOf(pod);
      if (
        index === undefined ||
        index >= (job.spec.completions ?? 0) ||
        counts.completedIndexes.has(index) ||
        counts.failedIndexes.has(index) ||
        taken.has(index)
      )
        useless.add(pod);
      else taken.add(index);
    }
  }
  const more = atLeast - useless.size;
  if (more <= 0) return [...useless];
  const others = active.filter((pod) => !useless.has(pod)).map((pod) => ({ pod, rank: 0 }));
  return [...useless, ...firstToGo(others, more, now)];
}

function pendingIndexes({ spec }: Job, active: readonly Pod[], { completedIndexes, failedIndexes }: Counts): number[] {
  const running = new Set(active.map(indexOf));
  const pending: number[] = [];
  for (let index = 0; index < (spec.completions ?? 0); index++)
    if (!running.has(index) && !completedIndexes.has(index) && !failedIndexes.has(index)) pending.push(index);
  return pending;
}

/** Each index waits by its own failures. */
function planByIndex(job: Job, { active, failed }: JobPods, counts: Counts, missing: number, now: number): JobPlan {
  const last = lastFailedByIndex(failed);
  const create: NewJobPod[] = [];
  let waitMs: number | undefined;
  for (const index of pendingIndexes(job, active, counts)) {
    if (create.length >= missing) break;
    const before = last.get(index);
    const wait = before ? finishTimeOf(before) + backoffFor(failureCountOf(before) + 1) - now : 0;
    if (wait > 0) waitMs = Math.min(waitMs ?? wait, wait);
    else create.push({ index, ...failuresAfter(job, before) });
  }
  return { create, remove: [], ...(waitMs !== undefined && { waitMs }) };
}

function failuresAfter({ spec }: Job, before: Pod | undefined): Pick<NewJobPod, "failures" | "ignoredFailures"> {
  if (!before) return { failures: 0 };
  const ignored = judgeFailure(spec.podFailurePolicy, before).action === "Ignore";
  const ignoredFailures = failureCountOf(before, IGNORED_FAILURE_COUNT) + (ignored ? 1 : 0);
  return {
    failures: failureCountOf(before, FAILURE_COUNT) + (ignored ? 0 : 1),
    ...(ignoredFailures && { ignoredFailures }),
  };
}

export const backoffFor = (failures: number): number =>
  failures <= 0 ? 0 : Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** (failures - 1));
