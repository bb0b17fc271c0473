/** The pods of a Job, sorted by what they mean for it. */
import type { Job } from "@kubets/api/generated/types/batch-v1";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { isActive, isFinished, isReady, isTerminating } from "@kubets/api/pod/state";
import { FAILURE_COUNT, INDEX, TRACKING } from "./names.ts";

export interface JobPods {
  readonly active: readonly Pod[];
  readonly ready: number;
  readonly terminating: number;
  readonly succeeded: readonly Pod[];
  /** Ended badly, or on their way out and as good as ended. */
  readonly failed: readonly Pod[];
}

export const isIndexed = ({ spec }: Job): boolean => spec.completionMode === "Indexed";
export const isTracked = ({ metadata }: Pod): boolean => metadata.finalizers?.includes(TRACKING) ?? false;

export function sortPods(job: Job, pods: readonly Pod[]): JobPods {
  const active = pods.filter(isActive);
  return {
    active,
    ready: active.filter(isReady).length,
    terminating: pods.filter((pod) => isTerminating(pod) && !isFinished(pod)).length,
    succeeded: pods.filter(({ status }) => status.phase === "Succeeded"),
    failed: pods.filter((pod) => hasFailed(job, pod)),
  };
}

/** A pod that is going counts as failed at once, unless the Job waits until it really has. */
function hasFailed({ spec }: Job, pod: Pod): boolean {
  if (pod.status.phase === "Failed") return true;
  const waits = spec.podFailurePolicy !== undefined || spec.podReplacementPolicy === "Failed";
  return !waits && isTerminating(pod) && pod.status.phase !== "Succeeded";
}

/** Nothing for a pod that carries no index, or one that is none. */
export function indexOf({ metadata }: Pod): number | undefined {
  const text = metadata.annotations?.[INDEX];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

export const failureCountOf = ({ metadata }: Pod, name: string = FAILURE_COUNT): number =>
  Number(metadata.annotations?.[name] ?? 0) || 0;

/** When it ended, as far as its containers tell; else when it began to go. */
export function finishTimeOf({ status, metadata }: Pod): number {
  const ends = [...(status.containerStatuses ?? [])]
    .map(({ state }) => Date.parse(state?.terminated?.finishedAt ?? ""))
    .filter((time) => !Number.isNaN(time));
  if (ends.length > 0) return Math.max(...ends);
  const ready = status.conditions?.find(({ type }) => type === "Ready")?.lastTransitionTime;
  return Date.parse(ready ?? metadata.deletionTimestamp ?? metadata.creationTimestamp);
}
