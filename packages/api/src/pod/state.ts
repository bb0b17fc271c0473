/** Where a pod stands in its life: phase, conditions, readiness. Each predicate answers from the object alone. */
import type { Pod, PodCondition, PodStatus } from "../generated/types/core-v1.ts";

export const isFinished = ({ status }: Pick<Pod, "status">): boolean =>
  status.phase === "Succeeded" || status.phase === "Failed";

export const isTerminating = ({ metadata }: Pick<Pod, "metadata">): boolean => metadata.deletionTimestamp !== undefined;

/** Neither finished nor on its way out: what controllers count. */
export const isActive = (pod: Pick<Pod, "metadata" | "status">): boolean => !isFinished(pod) && !isTerminating(pod);

export const podCondition = (status: PodStatus | undefined, type: string): PodCondition | undefined =>
  status?.conditions?.find((condition) => condition.type === type);

export const isReady = ({ status }: Pick<Pod, "status">): boolean => podCondition(status, "Ready")?.status === "True";

/** Ready, and has been for so many seconds (a ReplicaSet's minReadySeconds). */
export function isAvailable(pod: Pick<Pod, "status">, minReadySeconds: number, now: number): boolean {
  const ready = podCondition(pod.status, "Ready");
  if (ready?.status !== "True") return false;
  if (minReadySeconds === 0) return true;
  const since = ready.lastTransitionTime;
  return Boolean(since) && Date.parse(since as string) + minReadySeconds * 1000 <= now;
}

/** A pod that a file on its node made; the API holds only its likeness. */
export const isMirror = ({ metadata }: Pick<Pod, "metadata">): boolean =>
  metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined;

/** All addresses, the first one first. */
export const podIPs = ({ status }: Pick<Pod, "status">): readonly string[] =>
  status.podIPs?.length ? status.podIPs.map(({ ip }) => ip) : status.podIP ? [status.podIP] : [];
