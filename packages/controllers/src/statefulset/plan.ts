/**
 * The next step of a StatefulSet. Pure.
 * Holds: in order, a pod is made only when all before it are running and available, and none is ended while one before it is not; with the
 * Parallel policy only the updates wait for each other.
 */
import type { StatefulSet } from "@kubets/api/generated/types/apps-v1";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { isAvailable, isReady, isTerminating } from "@kubets/api/pod/state";
import { scaledValue } from "@kubets/machinery";
import { ordinalOf, revisionOf, startOf } from "./identity.ts";

export type Step =
  | { readonly kind: "create"; readonly ordinal: number; readonly revision: "current" | "update" }
  /** It ended; another takes its place. */
  | { readonly kind: "replace"; readonly pod: Pod }
  | { readonly kind: "remove"; readonly pod: Pod };

interface StepInput {
  readonly set: StatefulSet;
  readonly pods: readonly Pod[];
  readonly currentRevision: string;
  readonly updateRevision: string;
  readonly now: number;
}

const isParallel = ({ spec }: StatefulSet): boolean => spec.podManagementPolicy === "Parallel";

/** Those that are within the set's numbers, by their number; and those beyond, the highest first. */
export function arrange(set: StatefulSet, pods: readonly Pod[]): { replicas: (Pod | undefined)[]; condemned: Pod[] } {
  const [start, count] = [startOf(set), set.spec.replicas ?? 1];
  const replicas: (Pod | undefined)[] = Array.from({ length: count }, () => undefined);
  const condemned: Pod[] = [];
  for (const pod of pods) {
    const ordinal = ordinalOf(pod, set);
    if (ordinal === undefined) continue;
    if (ordinal >= start && ordinal < start + count) replicas[ordinal - start] = pod;
    else condemned.push(pod);
  }
  condemned.sort((a, b) => (ordinalOf(b, set) ?? 0) - (ordinalOf(a, set) ?? 0));
  return { replicas, condemned };
}

export function planSteps(input: StepInput): Step[] {
  const { set, pods, now } = input;
  const { replicas, condemned } = arrange(set, pods);
  const steps: Step[] = [];
  const ordered = !isParallel(set);
  const isUp = (pod: Pod) => isRunningAndAvailable(pod, set, now);
  for (const [i, pod] of replicas.entries()) {
    if (pod && isEnded(pod)) {
      if (!isTerminating(pod)) steps.push({ kind: "replace", pod });
      if (ordered) return steps;
    } else if (!pod) {
      const ordinal = startOf(set) + i;
      steps.push({ kind: "create", ordinal, revision: revisionFor(input, i) });
      if (ordered) return steps;
    } else if (ordered && (isTerminating(pod) || !isUp(pod))) return steps;
  }
  const firstUnhealthy = [...replicas, ...condemned.toReversed()].find(
    (pod) => pod && (!isRunningAndReady(pod) || isTerminating(pod)),
  );
  for (const pod of condemned) {
    if (isTerminating(pod)) {
      if (ordered) return steps;
      continue;
    }
    // A pod that is not well may go, but only if it is the first that is not.
    if (ordered && !isRunningAndReady(pod) && pod !== firstUnhealthy) return steps;
    if (ordered && !isUp(pod) && pod !== firstUnhealthy) return steps;
    steps.push({ kind: "remove", pod });
    if (ordered) return steps;
  }
  if (steps.length > 0 && ordered) return steps;
  return [...steps, ...updates(input, replicas)];
}

/** From the highest number down, those of an old revision: as many at once as may be unavailable. */
function updates({ set, updateRevision, now }: StepInput, replicas: readonly (Pod | undefined)[]): Step[] {
  if (set.spec.updateStrategy?.type === "OnDelete") return [];
  const allowed = maxUnavailable(set, replicas.length);
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  let unavailable = replicas.filter((pod) => !pod || !isRunningAndAvailable(pod, set, now)).length;
  const steps: Step[] = [];
  for (let i = replicas.length - 1; i >= Math.max(0, partition - startOf(set)); i--) {
    const pod = replicas[i];
    if (!pod) continue;
    const isOld = revisionOf(pod) !== updateRevision;
    const wasUnavailable = !isRunningAndAvailable(pod, set, now);
    if (isOld && !isTerminating(pod)) {
      if (allowed > 1 && !wasUnavailable && unavailable >= allowed) return steps;
      steps.push({ kind: "remove", pod });
      if (!wasUnavailable) unavailable++;
      if (unavailable >= allowed) return steps;
      continue;
    }
    // One that is being updated must come back first.
    if (wasUnavailable && (allowed === 1 || unavailable >= allowed)) return steps;
  }
  return steps;
}

function maxUnavailable({ spec }: StatefulSet, count: number): number {
  const value = spec.updateStrategy?.rollingUpdate?.maxUnavailable;
  return value === undefined ? 1 : Math.max(1, scaledValue(value as number | string, count, "up"));
}

/** Below the partition, and until enough are of the new one, a pod that is missing comes back as it was. */
function revisionFor({ set, currentRevision, updateRevision }: StepInput, i: number): "current" | "update" {
  if (currentRevision === updateRevision) return "update";
  const { updateStrategy } = set.spec;
  if (updateStrategy?.type === "OnDelete") return "update";
  const { partition } = updateStrategy?.rollingUpdate ?? {};
  const below = partition === undefined ? i < (set.status.currentReplicas ?? 0) : startOf(set) + i < partition;
  return below ? "current" : "update";
}

const isEnded = ({ status }: Pod): boolean => status.phase === "Failed" || status.phase === "Succeeded";
export const isRunningAndReady = (pod: Pod): boolean => pod.status.phase === "Running" && isReady(pod);

const isRunningAndAvailable = (pod: Pod, { spec }: StatefulSet, now: number): boolean =>
  isRunningAndReady(pod) && !isTerminating(pod) && isAvailable(pod, spec.minReadySeconds ?? 0, now);
