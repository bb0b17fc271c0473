/** The status of a Job, and the conditions by which it ends, is suspended and resumed. */
import type { Job, JobCondition, JobStatus } from "@kubets/api/generated/types/batch-v1";
import { formatTime } from "@kubets/machinery";
import { conditionOf } from "../conditions.ts";
import { nonZero } from "../write-status.ts";
import type { Counts } from "./counts.ts";
import type { Outcome } from "./outcome.ts";
import type { JobPods } from "./pods.ts";

interface StatusInput {
  readonly sorted: JobPods;
  /** Pods that are active after what was just made and ended. */
  readonly active: number;
  readonly counts: Counts;
  readonly outcome?: Outcome;
  /** It is over: nothing runs, nothing is left to count. */
  readonly over: boolean;
  readonly startTime?: string;
  readonly now: number;
}

export function jobStatus(job: Job, { sorted, active, counts, outcome, over, startTime, now }: StatusInput): JobStatus {
  let conditions = job.status.conditions ?? [];
  const set = (type: string, status: "True" | "False", reason: string, message: string) => {
    const present = conditionOf(conditions, type);
    if (present?.status === status && present.reason === reason && present.message === message) return;
    const time = formatTime(now);
    const condition: JobCondition = { type, status, lastProbeTime: time, lastTransitionTime: time, reason, message };
    conditions = present ? conditions.map((each) => (each === present ? condition : each)) : [...conditions, condition];
  };
  if (outcome) {
    set(outcome.type, "True", outcome.reason, outcome.message);
    if (over) set(outcome.type === "FailureTarget" ? "Failed" : "Complete", "True", outcome.reason, outcome.message);
  } else if (job.spec.suspend) set("Suspended", "True", "JobSuspended", "Job suspended");
  else if (conditionOf(conditions, "Suspended")?.status === "True")
    set("Suspended", "False", "JobResumed", "Job resumed");
  const succeeds = over && outcome?.type === "SuccessCriteriaMet";
  return {
    ...(conditions.length && { conditions }),
    ...(startTime && { startTime }),
    ...(succeeds && { completionTime: formatTime(now) }),
    ...nonZero({ active }),
    terminating: sorted.terminating,
    ready: Math.min(sorted.ready, active),
    ...counts.status,
  };
}

/** It starts when it may run; each time that it is resumed, anew. */
export function startTimeOf({ spec, status }: Job, now: number): string | undefined {
  if (spec.suspend) return undefined;
  const wasSuspended = conditionOf(status.conditions, "Suspended")?.status === "True";
  return status.startTime && !wasSuspended ? status.startTime : formatTime(now);
}
