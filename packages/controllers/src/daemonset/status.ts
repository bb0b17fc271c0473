/** The counters of a DaemonSet: where daemons should run, do, and do not. */
import type { DaemonSet, DaemonSetStatus } from "@kubets/api/generated/types/apps-v1";
import { isAvailable, isReady } from "@kubets/api/pod/state";
import { nonZero } from "../write-status.ts";
import type { PlanInput } from "./plan.ts";

export function daemonStatus(
  { set, nodes, fits, byNode, isUpdated, now }: PlanInput,
  collisions: number,
): DaemonSetStatus {
  let [desired, current, misscheduled, ready, updated, available] = [0, 0, 0, 0, 0, 0];
  for (const { metadata } of nodes) {
    const here = byNode.get(metadata.name) ?? [];
    if (!fits.get(metadata.name)?.shouldRun) {
      if (here.length > 0) misscheduled++;
      continue;
    }
    desired++;
    if (here.length === 0) continue;
    current++;
    const [pod] = here.toSorted(
      (a, b) =>
        Number(isReady(b)) - Number(isReady(a)) ||
        a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp),
    );
    if (!pod) continue;
    if (isReady(pod)) ready++;
    if (isReady(pod) && isAvailable(pod, set.spec.minReadySeconds ?? 0, now)) available++;
    if (here.some(isUpdated)) updated++;
  }
  return {
    currentNumberScheduled: current,
    numberMisscheduled: misscheduled,
    desiredNumberScheduled: desired,
    numberReady: ready,
    ...nonZero({
      observedGeneration: set.metadata.generation,
      updatedNumberScheduled: updated,
      numberAvailable: available,
      numberUnavailable: desired - available,
    }),
    ...(collisions > 0 && { collisionCount: collisions }),
    ...conditionsOf(set),
  };
}

const conditionsOf = ({ status }: DaemonSet) => (status.conditions?.length ? { conditions: status.conditions } : {});
