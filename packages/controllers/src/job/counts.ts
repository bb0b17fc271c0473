/**
 * Exact counting of ended pods, in three steps of which each is written before the next: the uid goes into the status as uncounted, the finalizer
 * goes off the pod, the uid becomes a number. So a crash between any two loses no pod and counts none twice.
 */
import type { Job, JobStatus } from "@kubets/api/generated/types/batch-v1";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { judgeFailure } from "./failure-policy.ts";
import { formatIndexes, parseIndexes } from "./index-set.ts";
import { failureCountOf, indexOf, isIndexed, isTracked, type JobPods } from "./pods.ts";

export interface Counts {
  /** What the decisions go by: all that ended, counted or not. */
  readonly succeeded: number;
  readonly failed: number;
  readonly completedIndexes: ReadonlySet<number>;
  readonly failedIndexes: ReadonlySet<number>;
  /** What the status says. */
  readonly status: Pick<
    JobStatus,
    "succeeded" | "failed" | "completedIndexes" | "failedIndexes" | "uncountedTerminatedPods"
  >;
  /** Pods whose finalizer may go once this status is written. */
  readonly release: readonly Pod[];
  readonly newlyFailed: readonly Pod[];
  readonly newlySucceeded: readonly Pod[];
}

/**
 * How a Job is ending, which lets all its pods go: "failed" counts those that have not ended as failed, "succeeded" does not count them, nor does the
 * deletion of the Job.
 */
export type Ending = "failed" | "succeeded" | "deleted";

/** Not more uids at once in a status. */
const UNCOUNTED_LIMIT = 500;

export function countPods(
  job: Job,
  all: readonly Pod[],
  { succeeded, failed: ended, active }: JobPods,
  ending: Ending | undefined,
): Counts {
  const byUid = new Map(all.map((pod) => [pod.metadata.uid, pod]));
  const { status } = job;
  const completions = job.spec.completions ?? 0;
  // The finalizer is off: they become numbers.
  const isPending = (uid: string) => isTracked(byUid.get(uid) ?? NO_POD);
  const oldSucceeded = status.uncountedTerminatedPods?.succeeded ?? [];
  const oldFailed = status.uncountedTerminatedPods?.failed ?? [];
  const stillSucceeded = oldSucceeded.filter(isPending);
  const stillFailed = oldFailed.filter(isPending);
  let countedSucceeded = (status.succeeded ?? 0) + oldSucceeded.length - stillSucceeded.length;
  const countedFailed = (status.failed ?? 0) + oldFailed.length - stillFailed.length;

  const known = new Set([...oldSucceeded, ...oldFailed]);
  const isNew = (pod: Pod) => isTracked(pod) && !known.has(pod.metadata.uid);
  const completed = parseIndexes(status.completedIndexes, completions);
  const newSucceeded = succeeded.filter(
    (pod) => isNew(pod) && (!isIndexed(job) || isUseful(pod, completed, completions)),
  );
  if (isIndexed(job)) for (const pod of newSucceeded) completed.add(indexOf(pod) as number);
  const failedIndexes = indexesThatFailed(job, ended, completed);
  const failed = ending === "failed" ? [...ended, ...active] : ended;
  const delayed = ending ? new Set<Pod>() : keptForTheirCount(job, failed, active, completed, failedIndexes);
  const newFailed = failed.filter(
    (pod) => isNew(pod) && !delayed.has(pod) && judgeFailure(job.spec.podFailurePolicy, pod).action !== "Ignore",
  );
  const ignored = failed.filter((pod) => isNew(pod) && !delayed.has(pod) && !newFailed.includes(pod));

  const room = UNCOUNTED_LIMIT - stillSucceeded.length - stillFailed.length;
  const tellSucceeded = isIndexed(job) ? [] : newSucceeded.slice(0, Math.max(0, room));
  const tellFailed = newFailed.slice(0, Math.max(0, room - tellSucceeded.length));
  const uncounted = {
    succeeded: [...stillSucceeded, ...tellSucceeded.map(uidOf)],
    failed: [...stillFailed, ...tellFailed.map(uidOf)],
  };
  if (isIndexed(job)) countedSucceeded = completed.size;
  const releasable = new Set([...uncounted.succeeded, ...uncounted.failed]);
  const leftOver = isIndexed(job) ? succeeded.filter(isTracked) : [];
  const uncountable = ending && ending !== "failed" ? active.filter(isTracked) : [];
  return {
    succeeded: isIndexed(job) ? completed.size : countedSucceeded + stillSucceeded.length + newSucceeded.length,
    failed:
      countedFailed +
      stillFailed.length +
      failed.filter(
        (pod) =>
          isNew(pod) && !ignored.includes(pod) && judgeFailure(job.spec.podFailurePolicy, pod).action !== "Ignore",
      ).length,
    completedIndexes: completed,
    failedIndexes,
    status: {
      ...(countedSucceeded && { succeeded: countedSucceeded }),
      ...(countedFailed && { failed: countedFailed }),
      ...(completed.size && { completedIndexes: formatIndexes(completed) }),
      ...(job.spec.backoffLimitPerIndex !== undefined && { failedIndexes: formatIndexes(failedIndexes) }),
      uncountedTerminatedPods: {
        ...(uncounted.succeeded.length && { succeeded: uncounted.succeeded }),
        ...(uncounted.failed.length && { failed: uncounted.failed }),
      },
    },
    release: [
      ...all.filter((pod) => releasable.has(pod.metadata.uid) && isTracked(pod)),
      ...leftOver,
      ...ignored,
      ...uncountable,
    ],
    newlyFailed: newFailed,
    newlySucceeded: newSucceeded,
  };
}

const NO_POD = { metadata: {} } as Pod;
const uidOf = ({ metadata }: Pod): string => metadata.uid;

function isUseful(pod: Pod, completed: ReadonlySet<number>, completions: number): boolean {
  const index = indexOf(pod);
  return index !== undefined && index < completions && !completed.has(index);
}

/** Indexes that failed as often as they may, or whose failure the policy calls final. */
function indexesThatFailed(job: Job, failed: readonly Pod[], completed: ReadonlySet<number>): Set<number> {
  const { backoffLimitPerIndex, completions = 0, podFailurePolicy } = job.spec;
  if (backoffLimitPerIndex === undefined) return new Set();
  const indexes = parseIndexes(job.status.failedIndexes, completions);
  for (const pod of failed) {
    const index = indexOf(pod);
    if (index === undefined || index >= completions || completed.has(index) || !isTracked(pod)) continue;
    const { action } = judgeFailure(podFailurePolicy, pod);
    if (action === "FailIndex" || (action === "Count" && failureCountOf(pod) >= backoffLimitPerIndex))
      indexes.add(index);
  }
  return indexes;
}

/** The last failed pod of an index that will be tried again is kept until its successor is there, which goes on counting from it. */
function keptForTheirCount(
  job: Job,
  failed: readonly Pod[],
  active: readonly Pod[],
  completed: ReadonlySet<number>,
  failedIndexes: ReadonlySet<number>,
): Set<Pod> {
  if (job.spec.backoffLimitPerIndex === undefined) return new Set();
  const running = new Set(active.map(indexOf));
  const last = lastFailedByIndex(failed.filter(isTracked));
  return new Set(
    [...last]
      .filter(([index]) => !running.has(index) && !completed.has(index) && !failedIndexes.has(index))
      .map(([, pod]) => pod),
  );
}

export function lastFailedByIndex(failed: readonly Pod[]): Map<number, Pod> {
  const last = new Map<number, Pod>();
  for (const pod of failed) {
    const index = indexOf(pod);
    if (index === undefined) continue;
    const other = last.get(index);
    if (!other || failureCountOf(pod) > failureCountOf(other)) last.set(index, pod);
  }
  return last;
}
