/**
 * Makes a Job each time that a schedule says so.
 * Owns: Jobs whose controller it is. Watches: CronJobs, their Jobs.
 * Holds: of missed times only the latest is made up for, and only within its deadline; a Job's name follows from its time, so none is made twice.
 */
import { cronjobs, jobs } from "@kubets/api/generated/refs";
import type { CronJob, CronJobStatus, Job } from "@kubets/api/generated/types/batch-v1";
import {
  type Controller,
  type ControllerContext,
  controllerReference,
  on,
  onOwned,
  type Requeue,
} from "@kubets/client";
import { formatTime, isReason } from "@kubets/machinery";
import type { CronSchedule } from "@kubets/machinery/cron";
import { errorText, isNamespaceTerminating, unlessGone } from "../error-text.ts";
import { keyIn } from "../keys.ts";
import { writeStatus } from "../write-status.ts";
import { dueOf, endOf, jobName, pastHistory, scheduleOf } from "./plan.ts";

const SCHEDULED_AT = "batch.kubernetes.io/cronjob-scheduled-timestamp";
/** What a start is waited for beyond its time, as timers are not exact. */
const SLACK_MS = 100;

export const cronJobController = (): Controller => ({
  name: "cronjob",
  watches: [on(cronjobs), onOwned(jobs, cronjobs)],
  reconcile,
});

async function reconcile(key: string, base: ControllerContext): Promise<Requeue | void> {
  const context = { ...base, events: base.events.as("cronjob-controller") };
  const { cache, client } = context;
  const cronJob = cache.get(cronjobs, key);
  if (!cronJob) return;
  const owned = cache.owned(jobs, cronJob);
  const draft = noteEnds(cronJob, owned, context);
  for (const job of pastHistory(cronJob, owned)) await removeJob(cronJob, job, context);
  if (cronJob.metadata.deletionTimestamp || cronJob.spec.suspend) {
    await writeStatus(client, cronjobs, cronJob, draft);
    return;
  }
  const { status, requeue } = await startDue({ ...cronJob, status: draft }, owned, context);
  await writeStatus(client, cronjobs, cronJob, status);
  return requeue;
}

/** Active Jobs are those that were not seen to end. */
function noteEnds(cronJob: CronJob, owned: readonly Job[], { events }: ControllerContext): CronJobStatus {
  let { active = [], lastSuccessfulTime } = cronJob.status;
  for (const job of owned) {
    const end = endOf(job);
    const listed = active.some(({ uid }) => uid === job.metadata.uid);
    if (end && listed) {
      active = active.filter(({ uid }) => uid !== job.metadata.uid);
      events.event(cronJob, "Normal", "SawCompletedJob", `Saw completed job: ${job.metadata.name}, condition: ${end}`);
    }
    if (!end && !listed) {
      // Made before a crash, and not yet in the status.
      active = [...active, referenceTo(job)];
      if (!isOwnTime(cronJob, job))
        events.event(
          cronJob,
          "Warning",
          "UnexpectedJob",
          `Saw a job that the controller did not create or forgot: ${job.metadata.name}`,
        );
    }
    const done = end === "Complete" ? job.status.completionTime : undefined;
    if (done && (!lastSuccessfulTime || lastSuccessfulTime < done)) lastSuccessfulTime = done;
  }
  for (const { name, uid } of active) {
    if (owned.some(({ metadata }) => metadata.uid === uid)) continue;
    // Its Job has gone; one that was made a moment ago is not in the cache yet and stays.
    if (cronJob.status.active?.some((each) => each.uid === uid)) {
      active = active.filter((each) => each.uid !== uid);
      events.event(cronJob, "Normal", "MissingJob", `Active job went missing: ${name}`);
    }
  }
  return {
    ...(active.length && { active }),
    ...(cronJob.status.lastScheduleTime && { lastScheduleTime: cronJob.status.lastScheduleTime }),
    ...(lastSuccessfulTime && { lastSuccessfulTime }),
  };
}

const isOwnTime = ({ metadata }: CronJob, job: Job): boolean => job.metadata.name.startsWith(`${metadata.name}-`);

async function startDue(
  cronJob: CronJob,
  owned: readonly Job[],
  context: ControllerContext,
): Promise<{ status: CronJobStatus; requeue: Requeue | undefined }> {
  const { clock, events } = context;
  const { status, spec } = cronJob;
  let schedule: CronSchedule;
  try {
    schedule = scheduleOf(cronJob);
  } catch (error) {
    events.event(
      cronJob,
      "Warning",
      "UnparseableSchedule",
      `unparseable schedule: ${JSON.stringify(spec.schedule)} : ${errorText(error)}`,
    );
    return { status, requeue: undefined };
  }
  const now = clock.now();
  const { at, next, manyMissed } = dueOf(cronJob, schedule, now);
  const requeue = next === undefined ? undefined : { requeueAfterMs: next - now + SLACK_MS };
  if (manyMissed)
    events.event(
      cronJob,
      "Warning",
      "TooManyMissedTimes",
      "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew",
    );
  if (at === undefined || isStarted(cronJob, owned, at)) return { status, requeue };
  if (spec.concurrencyPolicy === "Forbid" && status.active?.length) {
    events.event(
      cronJob,
      "Normal",
      "JobAlreadyActive",
      "Not starting job because prior execution is running and concurrency policy is Forbid",
    );
    return { status, requeue };
  }
  let active = status.active ?? [];
  if (spec.concurrencyPolicy === "Replace") {
    for (const job of owned.filter(({ metadata }) => active.some(({ uid }) => uid === metadata.uid)))
      await removeJob(cronJob, job, context);
    active = [];
  }
  const job = await makeJob(cronJob, at, context);
  if (!job) return { status: { ...status, active }, requeue };
  return { status: { ...status, active: [...active, referenceTo(job)], lastScheduleTime: formatTime(at) }, requeue };
}

const isStarted = (cronJob: CronJob, owned: readonly Job[], at: number): boolean =>
  owned.some(({ metadata }) => metadata.name === jobName(cronJob, at)) &&
  Date.parse(cronJob.status.lastScheduleTime ?? "") >= at;

/** Also one that was made before, and not written down. */
async function makeJob(cronJob: CronJob, at: number, { client, events }: ControllerContext): Promise<Job | undefined> {
  const { namespace } = cronJob.metadata;
  const { metadata: template, spec } = cronJob.spec.jobTemplate;
  const name = jobName(cronJob, at);
  const zone = cronJob.spec.timeZone;
  const annotations = { ...template.annotations, [SCHEDULED_AT]: zone ? timeIn(zone, at) : formatTime(at) };
  const metadata = {
    namespace,
    name,
    labels: { ...template.labels },
    annotations,
    creationTimestamp: undefined,
    ownerReferences: [controllerReference(cronJob)],
  };
  try {
    const made = await client.create(jobs, { metadata, spec });
    events.event(cronJob, "Normal", "SuccessfulCreate", `Created job ${made.metadata.name}`);
    return made;
  } catch (error) {
    if (isReason(error, "AlreadyExists")) {
      const found = await client.get(jobs, { namespace, name });
      return found.metadata.ownerReferences?.some(({ uid }) => uid === cronJob.metadata.uid) ? found : undefined;
    }
    if (isNamespaceTerminating(error)) return undefined;
    events.event(cronJob, "Warning", "FailedCreate", `Error creating job: ${errorText(error)}`);
    throw error;
  }
}

/** RFC 3339 with the zone's offset at that time. */
function timeIn(zone: string, at: number): string {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(at);
  const offset = parts.find(({ type }) => type === "timeZoneName")?.value.replace("GMT", "") || "Z";
  const minutes =
    offset === "Z"
      ? 0
      : (offset.startsWith("-") ? -1 : 1) * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6)));
  return formatTime(at + minutes * 60_000).replace("Z", offset);
}

async function removeJob(cronJob: CronJob, job: Job, { client, events }: ControllerContext): Promise<void> {
  if (await unlessGone(client.delete(jobs, keyIn(job), { propagationPolicy: "Background" })))
    events.event(cronJob, "Normal", "SuccessfulDelete", `Deleted job ${job.metadata.name}`);
}

const referenceTo = ({ metadata: { name, namespace, uid, resourceVersion } }: Job) => ({
  kind: "Job",
  apiVersion: "batch/v1",
  namespace,
  name,
  uid,
  resourceVersion,
});
