/** How many pods to make or which to delete, for a ReplicaSet or a ReplicationController. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { isActive } from "@kubets/api/pod/state";
import { firstToGo } from "../pods/deletion-order.ts";

/** No more pods than this are made or deleted in one go. */
const BURST = 500;

export interface ReplicaPlan {
  readonly create: number;
  readonly remove: readonly Pod[];
}

/** `related`: the pods of all ReplicaSets of the same Deployment, by which crowded nodes are found. */
export function planReplicas(
  wanted: number,
  active: readonly Pod[],
  related: () => readonly Pod[],
  now: number,
): ReplicaPlan {
  const missing = wanted - active.length;
  if (missing >= 0) return { create: Math.min(missing, BURST), remove: [] };
  const surplus = Math.min(-missing, BURST);
  if (surplus >= active.length) return { create: 0, remove: active };
  const onNode = new Map<string, number>();
  for (const pod of related()) {
    if (pod.spec.nodeName && isActive(pod)) onNode.set(pod.spec.nodeName, (onNode.get(pod.spec.nodeName) ?? 0) + 1);
  }
  const ranked = active.map((pod) => ({ pod, rank: onNode.get(pod.spec.nodeName ?? "") ?? 0 }));
  return { create: 0, remove: firstToGo(ranked, surplus, now) };
}
