/**
 * Arithmetic of a Deployment: how many pods may be above and below what it asks for, and which of its ReplicaSets is which.
 * Pure; ReplicaSets are told apart by their templates and ordered by age and name.
 */
import type { Deployment, ReplicaSet } from "@kubets/api/generated/types/apps-v1";
import { scaledValue } from "@kubets/machinery";
import { sameTemplate } from "../template-equality.ts";

export const wantedOf = ({ spec }: Deployment | ReplicaSet): number => spec.replicas ?? 1;
export const isRolling = ({ spec }: Deployment): boolean => spec.strategy.type !== "Recreate";

/** Surge is rounded up and unavailable down; where both come to nothing one may be unavailable, or nothing could move. */
function fenceposts(deployment: Deployment): { surge: number; unavailable: number } {
  const { maxSurge = "25%", maxUnavailable = "25%" } = deployment.spec.strategy.rollingUpdate ?? {};
  const wanted = wantedOf(deployment);
  const surge = scaledValue(maxSurge, wanted, "up");
  const unavailable = scaledValue(maxUnavailable, wanted, "down");
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

export const maxSurge = (deployment: Deployment): number => (isRolling(deployment) ? fenceposts(deployment).surge : 0);

export function maxUnavailable(deployment: Deployment): number {
  if (!isRolling(deployment) || wantedOf(deployment) === 0) return 0;
  return Math.min(fenceposts(deployment).unavailable, wantedOf(deployment));
}

export const sumWanted = (sets: readonly ReplicaSet[]): number => sets.reduce((sum, set) => sum + wantedOf(set), 0);
export const sumAvailable = (sets: readonly ReplicaSet[]): number =>
  sets.reduce((sum, { status }) => sum + (status.availableReplicas ?? 0), 0);

export const byAge = (a: ReplicaSet, b: ReplicaSet): number =>
  compareText(a.metadata.creationTimestamp, b.metadata.creationTimestamp) ||
  compareText(a.metadata.name, b.metadata.name);

export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The ReplicaSet of the template as it is now: the oldest, should there be two. */
export const findNew = (deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined =>
  sets.toSorted(byAge).find((set) => set.spec.template && sameTemplate(set.spec.template, deployment.spec.template));

export const othersThan = (set: ReplicaSet | undefined, sets: readonly ReplicaSet[]): ReplicaSet[] =>
  sets.filter(({ metadata }) => metadata.uid !== set?.metadata.uid);

/** How large the new ReplicaSet may be now. */
export function newSize(deployment: Deployment, sets: readonly ReplicaSet[], current: number): number {
  const wanted = wantedOf(deployment);
  if (!isRolling(deployment)) return wanted;
  const room = wanted + maxSurge(deployment) - sumWanted(sets);
  return room <= 0 ? current : current + Math.min(room, wanted - current);
}
