/** The status of a ReplicaSet or ReplicationController, from the pods that it has. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { isAvailable, isReady, podCondition } from "@kubets/api/pod/state";
import { formatTime, selectorFromSet } from "@kubets/machinery";
import { conditionOf, withCondition, withoutCondition } from "../conditions.ts";
import { nonZero } from "../write-status.ts";
import type { ReplicaOwner, ReplicaStatus } from "./replica-owner.ts";

export interface ReplicaFailure {
  readonly reason: "FailedCreate" | "FailedDelete";
  readonly message: string;
}

interface StatusInput {
  readonly owner: ReplicaOwner;
  readonly active: readonly Pod[];
  /** On their way out; not told where the kind has no such counter. */
  readonly terminating?: number;
  readonly failure?: ReplicaFailure;
  readonly now: number;
}

export function replicaStatus({ owner, active, terminating, failure, now }: StatusInput): ReplicaStatus {
  const { minReadySeconds = 0, template } = owner.spec;
  const full = selectorFromSet(template?.metadata?.labels);
  return {
    replicas: active.length,
    ...nonZero({
      fullyLabeledReplicas: active.filter(({ metadata }) => full.matches(metadata.labels)).length,
      readyReplicas: active.filter(isReady).length,
      availableReplicas: active.filter((pod) => isAvailable(pod, minReadySeconds, now)).length,
      observedGeneration: owner.metadata.generation,
    }),
    ...(terminating !== undefined && { terminatingReplicas: terminating }),
    ...conditionsOf(owner, failure, now),
  };
}

function conditionsOf(
  owner: ReplicaOwner,
  failure: ReplicaFailure | undefined,
  now: number,
): Pick<ReplicaStatus, "conditions"> {
  const { conditions } = owner.status ?? {};
  if (!failure) {
    if (!conditionOf(conditions, "ReplicaFailure")) return conditions?.length ? { conditions } : {};
    const kept = withoutCondition(conditions, "ReplicaFailure");
    return kept.length ? { conditions: kept } : {};
  }
  if (conditionOf(conditions, "ReplicaFailure")) return { conditions };
  return {
    conditions: withCondition(conditions, {
      type: "ReplicaFailure",
      status: "True",
      lastTransitionTime: formatTime(now),
      ...failure,
    }),
  };
}

/** When the first pod that is ready becomes available, in milliseconds from now. */
export function untilAvailable(active: readonly Pod[], minReadySeconds: number, now: number): number | undefined {
  if (minReadySeconds === 0) return undefined;
  let soonest: number | undefined;
  for (const pod of active) {
    const ready = podCondition(pod.status, "Ready");
    if (ready?.status !== "True" || !ready.lastTransitionTime) continue;
    const left = Date.parse(ready.lastTransitionTime) + minReadySeconds * 1000 - now;
    if (left > 0 && (soonest === undefined || left < soonest)) soonest = left;
  }
  return soonest;
}
