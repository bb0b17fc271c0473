/** All that the scheduler keeps a view of; it begins when every one of them is complete. */
import {
  csinodes,
  namespaces,
  nodes,
  persistentvolumeclaims,
  persistentvolumes,
  poddisruptionbudgets,
  pods,
  replicasets,
  replicationcontrollers,
  resourceclaims,
  services,
  statefulsets,
  storageclasses,
  volumeattachments,
} from "@kubets/api/generated/refs";
import type { ResourceRef } from "@kubets/api/resource-ref";

export const watchedResources: readonly ResourceRef[] = [
  nodes,
  namespaces,
  pods,
  poddisruptionbudgets,
  persistentvolumeclaims,
  persistentvolumes,
  storageclasses,
  csinodes,
  volumeattachments,
  resourceclaims,
  services,
  replicationcontrollers,
  replicasets,
  statefulsets,
];
