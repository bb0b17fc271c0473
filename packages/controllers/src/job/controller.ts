/**
 * Runs pods until enough of them have succeeded, or the Job has failed.
 * Owns: pods whose controller it is, with a finalizer by which each is counted exactly once. Watches: Jobs, their pods.
 * Holds: what ended is written down before its finalizer goes; the end of a Job is written when none of its pods runs or waits to be counted.
 */
import { jobs, pods } from "@kubets/api/generated/refs";
import type { Job } from "@kubets/api/generated/types/batch-v1";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import {
  type Controller,
  type ControllerContext,
  claimObjects,
  controllerOf,
  on,
  onRelated,
  type Requeue,
  refersTo,
} from "@kubets/client";
import { labelSelectorOf } from "@kubets/machinery";
import { isOpen } from "@kubets/machinery/given-gates";
import { conditionOf } from "../conditions.ts";
import { allOf, isNamespaceTerminating, unlessGone } from "../error-text.ts";
import { keyIn } from "../keys.ts";
import { onAdoptable, ownedAndOrphans } from "../owned-objects.ts";
import { ExpectedPods } from "../pods/expected-pods.ts";
import { createPod, deletePod, inDoublingBatches } from "../pods/pod-control.ts";
import { writeStatus } from "../write-status.ts";
import { countPods, type Ending } from "./counts.ts";
import { gangOf, gangWatches, indexGangs } from "./gang.ts";
import { MANAGER, TRACKING } from "./names.ts";
import { podOfJob } from "./new-pod.ts";
import { deadlineLeft, decided, isFinished, type Outcome, outcomeOf } from "./outcome.ts";
import { backoffFor, type JobPlan, planJob } from "./plan.ts";
import { finishTimeOf, isTracked, sortPods } from "./pods.ts";
import { jobStatus, startTimeOf } from "./status.ts";

/** Marks the key of a pod that nobody owns. */
const ORPHAN = "orphan:";

/** Failures since the last success, to wait longer after each. */
interface Backoff {
  failures: number;
  last: number;
  readonly seen: Set<string>;
}

export interface JobOptions {
  readonly featureGates: Readonly<Record<string, boolean>>;
}

export function jobController({ featureGates }: JobOptions): Controller {
  const hasGangs = isOpen("GenericWorkload", featureGates) && isOpen("WorkloadWithJob", featureGates);
  let expected: ExpectedPods;
  const backoffs = new Map<string, Backoff>();
  const uids = new Map<string, string>();

  async function reconcile(key: string, base: ControllerContext): Promise<Requeue | void> {
    const context = { ...base, events: base.events.as("job-controller") };
    const { cache, client, clock } = context;
    const job = cache.get(jobs, key);
    if (key.startsWith(ORPHAN)) return releaseOrphan(key.slice(ORPHAN.length), context);
    if (!job) return forget(key, context);
    uids.set(key, job.metadata.uid);
    if (job.spec.managedBy && job.spec.managedBy !== MANAGER) return;
    if (isFinished(job)) {
      backoffs.delete(job.metadata.uid);
      return allOf(
        cache
          .owned(pods, job)
          .filter(isTracked)
          .map((pod) => release(pod, context)),
      );
    }
    const now = clock.now();
    const mayAct = expected.satisfied(job.metadata.uid);
    const all = await ownPods(job, context);
    const sorted = sortPods(job, all);
    const before = endingOf(job, decided(job));
    const soFar = countPods(job, all, sorted, before);
    const startTime = startTimeOf(job, now);
    const decision = outcomeOf({ ...job, status: { ...job.status, startTime } }, all, sorted, soFar, now);
    const waits = backoffMs(job, soFar, now);

    let plan: JobPlan = { create: [], remove: [] };
    if (decision) plan = { create: [], remove: sorted.active };
    else if (mayAct && !job.metadata.deletionTimestamp) plan = planJob(job, sorted, soFar, waits, now);
    const { change, error } =
      mayAct || decision ? await carryOut(plan, job, all, decision, context) : { change: 0, error: undefined };
    const active = sorted.active.length + change;
    // It is not told before each pod that is known is asked to end, and each that was made is known.
    const outcome = active === 0 && mayAct ? decision : decided(job);
    const counts = outcome && !before ? countPods(job, all, sorted, endingOf(job, outcome)) : soFar;
    const uncounted = counts.status.uncountedTerminatedPods;
    const isQuiet =
      active === 0 && sorted.terminating === 0 && !uncounted?.succeeded?.length && !uncounted?.failed?.length;
    const over = outcome !== undefined && isQuiet && counts.release.length === 0;
    const status = jobStatus(job, {
      sorted,
      active,
      counts,
      ...(outcome && { outcome }),
      over,
      ...(startTime && { startTime }),
      now,
    });
    const written = await writeStatus(client, jobs, job, status);
    if (written) tell(job, status, outcome, over, context);
    // Only now that they stand in the status may they go.
    await allOf(counts.release.map((pod) => release(pod, context)));
    if (error) throw error;
    const due = [plan.waitMs, outcome ? undefined : deadlineLeft({ ...job, status }, now)].filter(
      (ms) => ms !== undefined,
    );
    return due.length > 0 ? { requeueAfterMs: Math.max(0, Math.min(...due)) } : undefined;
  }

  function forget(key: string, context: ControllerContext): Promise<void> {
    const uid = uids.get(key);
    uids.delete(key);
    if (!uid) return Promise.resolve();
    expected.forget(uid);
    backoffs.delete(uid);
    // Nobody will count them any more.
    const left = context.cache
      .list(pods, key.slice(0, key.indexOf("/")))
      .filter((pod) => controllerOf(pod)?.uid === uid && isTracked(pod));
    return allOf(left.map((pod) => release(pod, context)));
  }

  function backoffMs(
    { metadata }: Job,
    { newlyFailed, newlySucceeded }: { newlyFailed: readonly Pod[]; newlySucceeded: readonly Pod[] },
    now: number,
  ): number {
    const known = backoffs.get(metadata.uid) ?? { failures: 0, last: 0, seen: new Set<string>() };
    backoffs.set(metadata.uid, known);
    for (const pod of newlySucceeded) {
      if (known.seen.has(pod.metadata.uid)) continue;
      known.seen.add(pod.metadata.uid);
      known.failures = 0;
    }
    for (const pod of newlyFailed) {
      if (known.seen.has(pod.metadata.uid)) continue;
      known.seen.add(pod.metadata.uid);
      known.failures++;
      known.last = Math.max(known.last, finishTimeOf(pod));
    }
    return known.failures === 0 ? 0 : Math.max(0, known.last + backoffFor(known.failures) - now);
  }

  /** How many more pods are active after it. */
  async function carryOut(
    { create, remove }: JobPlan,
    job: Job,
    known: readonly Pod[],
    decision: Outcome | undefined,
    context: ControllerContext,
  ): Promise<{ change: number; error?: unknown }> {
    const { uid } = job.metadata;
    if (remove.length > 0) {
      expected.expectDeletions(uid, remove);
      const results = await Promise.allSettled(remove.map((pod) => end(pod, job, decision, context)));
      const refused = results.find((result) => result.status === "rejected");
      return { change: -results.filter((result) => result.status === "fulfilled").length, error: refused?.reason };
    }
    if (create.length === 0) return { change: 0 };
    const podGroupName = hasGangs ? await gangOf(job, known, context) : undefined;
    expected.expectCreations(uid, create.length);
    const { succeeded, skipped, error } = await inDoublingBatches(create.length, (i) =>
      createPod(context, job, podOfJob(job, create[i] ?? {}, podGroupName)).catch((refused: unknown) => {
        expected.notCreated(uid);
        if (!isNamespaceTerminating(refused)) throw refused;
      }),
    );
    for (let i = 0; i < skipped; i++) expected.notCreated(uid);
    return { change: succeeded, error };
  }

  async function end(pod: Pod, job: Job, decision: Outcome | undefined, context: ControllerContext): Promise<void> {
    try {
      // A pod of which there is one too many is no failure: nobody is to count it.
      if (!decision && isTracked(pod)) await release(pod, context);
      if (!(await deletePod(context, job, pod))) expected.notDeleted(job.metadata.uid, pod);
    } catch (error) {
      expected.notDeleted(job.metadata.uid, pod);
      throw error;
    }
  }

  return {
    name: "job",
    watches: [
      on(jobs),
      onAdoptable(pods, jobs, ({ spec }) => labelSelectorOf(spec.selector)),
      // A pod that is left behind with the finalizer, when its Job is gone or no longer its owner.
      onRelated(pods, (pod) => {
        const owner = controllerOf(pod);
        if (!owner && isTracked(pod)) return [`${ORPHAN}${pod.metadata.namespace}/${pod.metadata.name}`];
        if (!owner || !refersTo(owner, jobs) || !isTracked(pod)) return [];
        const key = `${pod.metadata.namespace}/${owner.name}`;
        uids.set(key, uids.get(key) ?? owner.uid);
        return [key];
      }),
      ...(hasGangs ? gangWatches : []),
    ],
    start(context) {
      expected = new ExpectedPods(context);
      if (hasGangs) indexGangs(context);
    },
    reconcile,
  };
}

async function ownPods(job: Job, { cache, client }: ControllerContext): Promise<Pod[]> {
  const selector = labelSelectorOf(job.spec.selector);
  return claimObjects({
    client,
    owner: job,
    ownerRef: jobs,
    objects: ownedAndOrphans(cache, pods, job),
    ref: pods,
    matches: (pod) => selector.matches(pod.metadata.labels),
    finalizer: TRACKING,
  });
}

async function releaseOrphan(key: string, context: ControllerContext): Promise<void> {
  const pod = context.cache.get(pods, key);
  if (pod && isTracked(pod) && !controllerOf(pod)) await release(pod, context);
}

function endingOf({ metadata }: Job, outcome: Outcome | undefined): Ending | undefined {
  if (outcome) return outcome.type === "FailureTarget" ? "failed" : "succeeded";
  return metadata.deletionTimestamp ? "deleted" : undefined;
}

async function release(pod: Pod, { client }: ControllerContext): Promise<void> {
  const body = { metadata: { uid: pod.metadata.uid, "$deleteFromPrimitiveList/finalizers": [TRACKING] } };
  await unlessGone(client.patch(pods, keyIn(pod), { type: "strategic", body }));
}

function tell(
  job: Job,
  status: Job["status"],
  outcome: Outcome | undefined,
  over: boolean,
  { events }: ControllerContext,
): void {
  const before = conditionOf(job.status.conditions, "Suspended")?.status;
  const after = conditionOf(status.conditions, "Suspended")?.status;
  if (after === "True" && before !== "True") events.event(job, "Normal", "Suspended", "Job suspended");
  if (after === "False" && before === "True") events.event(job, "Normal", "Resumed", "Job resumed");
  if (!over || !outcome) return;
  if (outcome.type === "SuccessCriteriaMet") events.event(job, "Normal", "Completed", "Job completed");
  else events.event(job, "Warning", outcome.reason, outcome.message);
}
