/** When a CronJob is due, and which of its finished Jobs the history has no room for. Pure. */
import type { CronJob, Job } from "@kubets/api/generated/types/batch-v1";
import { type CronSchedule, parseCron } from "@kubets/machinery/cron";
import { isTrue } from "../conditions.ts";

/** More missed starts than this are not counted one by one, and said so. */
const MANY_MISSED = 100;

export const scheduleOf = ({ spec }: CronJob): CronSchedule => parseCron(spec.schedule, spec.timeZone);

export interface Due {
  /** The latest time that has come and was not served, in milliseconds since 1970. */
  readonly at?: number;
  readonly next?: number;
  readonly manyMissed: boolean;
}

export function dueOf(cronJob: CronJob, schedule: CronSchedule, now: number): Due {
  const { metadata, spec, status } = cronJob;
  let earliest = Date.parse(status.lastScheduleTime ?? metadata.creationTimestamp);
  if (spec.startingDeadlineSeconds !== undefined)
    earliest = Math.max(earliest, now - Number(spec.startingDeadlineSeconds) * 1000);
  let at: number | undefined;
  let missed = 0;
  let next = schedule.next(earliest);
  while (next !== undefined && next <= now) {
    at = next;
    missed++;
    // Far behind: go on in larger steps, as only the last time matters.
    next = schedule.next(missed > MANY_MISSED ? Math.max(next, now - 2 * (next - earliest)) : next);
    if (missed > 10 * MANY_MISSED) break;
  }
  const following = schedule.next(now);
  return {
    ...(at !== undefined && { at }),
    ...(following !== undefined && { next: following }),
    manyMissed: missed > MANY_MISSED,
  };
}

export const endOf = ({ status }: Job): "Complete" | "Failed" | undefined =>
  isTrue(status.conditions, "Complete") ? "Complete" : isTrue(status.conditions, "Failed") ? "Failed" : undefined;

export function pastHistory({ spec }: CronJob, jobs: readonly Job[]): Job[] {
  const oldestAbove = (end: "Complete" | "Failed", limit: number | undefined) => {
    if (limit === undefined) return [];
    const ended = jobs
      .filter((job) => endOf(job) === end)
      .toSorted((a, b) => startOf(a) - startOf(b) || a.metadata.name.localeCompare(b.metadata.name));
    return ended.slice(0, Math.max(0, ended.length - limit));
  };
  return [
    ...oldestAbove("Complete", spec.successfulJobsHistoryLimit),
    ...oldestAbove("Failed", spec.failedJobsHistoryLimit),
  ];
}

const startOf = ({ status }: Job): number =>
  status.startTime ? Date.parse(status.startTime) : Number.POSITIVE_INFINITY;

/** One name for each minute, so that two copies make one Job and not two. */
export const jobName = ({ metadata }: CronJob, at: number): string => `${metadata.name}-${Math.floor(at / 60_000)}`;
