/** The counters of a StatefulSet, and the end of an update: when all are of the new revision it becomes the current one. */
import type { StatefulSet, StatefulSetStatus } from "@kubets/api/generated/types/apps-v1";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { isAvailable, isTerminating } from "@kubets/api/pod/state";
import { nonZero } from "../write-status.ts";
import { revisionOf } from "./identity.ts";
import { isRunningAndReady } from "./plan.ts";

interface StatusInput {
  readonly set: StatefulSet;
  readonly pods: readonly Pod[];
  readonly currentRevision: string;
  readonly updateRevision: string;
  readonly collisions: number;
  readonly now: number;
}

export function setStatus({
  set,
  pods,
  currentRevision,
  updateRevision,
  collisions,
  now,
}: StatusInput): StatefulSetStatus {
  const living = pods.filter((pod) => !isTerminating(pod));
  const ready = pods.filter(isRunningAndReady);
  const count = (revision: string) => living.filter((pod) => revisionOf(pod) === revision).length;
  const updated = count(updateRevision);
  const isDone =
    set.spec.updateStrategy?.type !== "OnDelete" &&
    updated === pods.length &&
    ready.length === pods.length &&
    pods.length === (set.spec.replicas ?? 1);
  const current = isDone ? updateRevision : currentRevision;
  return {
    ...nonZero({ observedGeneration: set.metadata.generation }),
    replicas: pods.length,
    ...nonZero({
      readyReplicas: ready.length,
      currentReplicas: isDone ? updated : count(currentRevision),
      updatedReplicas: updated,
      currentRevision: current,
      updateRevision,
    }),
    collisionCount: collisions,
    availableReplicas: ready.filter((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, now)).length,
    ...(set.status.conditions?.length && { conditions: set.status.conditions }),
  };
}
