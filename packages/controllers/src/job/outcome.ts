/** Whether a Job has come to its end, and how. Pure. */
import type { Job, JobCondition } from "@kubets/api/generated/types/batch-v1";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { conditionOf, isTrue } from "../conditions.ts";
import type { Counts } from "./counts.ts";
import { judgeFailure } from "./failure-policy.ts";
import { parseIndexes } from "./index-set.ts";
import { isIndexed, type JobPods } from "./pods.ts";

/** How it will end, once all its pods have ended. */
export interface Outcome {
  readonly type: "SuccessCriteriaMet" | "FailureTarget";
  readonly reason: string;
  readonly message: string;
}

export const isFinished = ({ status }: Job): boolean =>
  isTrue(status.conditions, "Complete") || isTrue(status.conditions, "Failed");

/** Nothing while it goes on. What was decided before stays so. */
export function outcomeOf(
  job: Job,
  pods: readonly Pod[],
  sorted: JobPods,
  counts: Counts,
  now: number,
): Outcome | undefined {
  return decided(job) ?? failureOf(job, pods, sorted, counts, now) ?? successOf(job, sorted, counts);
}

/** What was decided before, and told. */
export function decided({ status }: Job): Outcome | undefined {
  for (const type of ["FailureTarget", "SuccessCriteriaMet"] as const) {
    const condition = conditionOf<JobCondition>(status.conditions, type);
    if (condition?.status === "True") return { type, reason: condition.reason ?? "", message: condition.message ?? "" };
  }
  return undefined;
}

function failureOf(
  job: Job,
  pods: readonly Pod[],
  { failed }: JobPods,
  counts: Counts,
  now: number,
): Outcome | undefined {
  const fail = (reason: string, message: string): Outcome => ({ type: "FailureTarget", reason, message });
  const { podFailurePolicy, backoffLimit = 6, backoffLimitPerIndex, maxFailedIndexes } = job.spec;
  for (const pod of failed) {
    const verdict = judgeFailure(podFailurePolicy, pod);
    if (verdict.action === "FailJob") return fail("PodFailurePolicy", verdict.message);
  }
  if (counts.failed > backoffLimit || restartsExceed(job, pods, backoffLimit))
    return fail("BackoffLimitExceeded", "Job has reached the specified backoff limit");
  if (isPastDeadline(job, now)) return fail("DeadlineExceeded", "Job was active longer than specified deadline");
  if (backoffLimitPerIndex === undefined || !isIndexed(job)) return undefined;
  if (maxFailedIndexes !== undefined && counts.failedIndexes.size > maxFailedIndexes)
    return fail("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
  const all = counts.failedIndexes.size + counts.completedIndexes.size >= (job.spec.completions ?? 0);
  return all && counts.failedIndexes.size > 0 ? fail("FailedIndexes", "Job has failed indexes") : undefined;
}

/** Pods that restart their containers themselves count by their restarts. */
function restartsExceed({ spec }: Job, pods: readonly Pod[], limit: number): boolean {
  if (spec.template.spec?.restartPolicy !== "OnFailure") return false;
  let restarts = 0;
  for (const { status } of pods) {
    if (status.phase !== "Running" && status.phase !== "Pending") continue;
    for (const { restartCount } of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])])
      restarts += restartCount;
  }
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

const isPastDeadline = (job: Job, now: number): boolean => {
  const left = deadlineLeft(job, now);
  return left !== undefined && left <= 0;
};

export function deadlineLeft({ spec, status }: Job, now: number): number | undefined {
  if (spec.activeDeadlineSeconds === undefined || !status.startTime || spec.suspend) return undefined;
  return Date.parse(status.startTime) + Number(spec.activeDeadlineSeconds) * 1000 - now;
}

function successOf(job: Job, { active }: JobPods, counts: Counts): Outcome | undefined {
  const reached = (reason: string, message: string): Outcome => ({ type: "SuccessCriteriaMet", reason, message });
  const rule = matchedSuccessRule(job, counts.completedIndexes);
  if (rule !== undefined) return reached("SuccessPolicy", `Matched rules at index ${rule}`);
  const { completions } = job.spec;
  const enough =
    completions === undefined ? counts.succeeded > 0 && active.length === 0 : counts.succeeded >= completions;
  return enough ? reached("CompletionsReached", "Reached expected number of succeeded pods") : undefined;
}

function matchedSuccessRule({ spec }: Job, completed: ReadonlySet<number>): number | undefined {
  for (const [i, { succeededIndexes, succeededCount }] of (spec.successPolicy?.rules ?? []).entries()) {
    const wanted = succeededIndexes === undefined ? undefined : parseIndexes(succeededIndexes, spec.completions ?? 0);
    const done = wanted ? [...wanted].filter((index) => completed.has(index)).length : completed.size;
    if (done >= (succeededCount ?? wanted?.size ?? Number.POSITIVE_INFINITY)) return i;
  }
  return undefined;
}
