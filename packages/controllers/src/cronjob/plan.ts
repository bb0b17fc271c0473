/** When a CronJob is due, and which of its finished Jobs the history has no room for. Pure. */
import type { CronJob, Job } from "@kubets/api/generated/types/batch-v1";
import { type CronSchedule, parseCron } from "@kubets/machinery/cron";
import { isTrue } from "../conditions.ts";

/** More missed starts than this are not counted one by one, and said so. */
const MANY_MISSED = 100;

export const scheduleOf = ({ spec }: CronJob): CronSchedule => parseCron(spec.schedule, spec.timeZone);

interface Due {
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
  const at = latestUntil(schedule, earliest, now);
  const following = schedule.next(now);
  return {
    ...(at !== undefined && { at }),
    ...(following !== undefined && { next: following }),
    manyMissed: at !== undefined && missedMany(schedule, earliest, now),
  };
}

/** Looks back from now, further each time: only the last time matters, however many there were. */
function latestUntil(schedule: CronSchedule, earliest: number, now: number): number | undefined {
  for (let window = 120_000; ; window *= 2) {
    const from = Math.max(earliest, now - window);
    let latest: number | undefined;
    for (let next = schedule.next(from); next !== undefined && next <= now; next = schedule.next(next)) latest = next;
    if (latest !== undefined || from === earliest) return latest;
  }
}

function missedMany(schedule: CronSchedule, earliest: number, now: number): boolean {
  let missed = 0;
  for (let next = schedule.next(earliest); next !== undefined && next <= now; next = schedule.next(next))
    if (++missed > MANY_MISSED) return true;
  return false;
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
