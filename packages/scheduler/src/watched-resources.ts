/** All that the scheduler keeps a view of; it begins when every one of them is complete. */
import {
  csinodes,
  deviceclasses,
  namespaces,
  nodes,
  persistentvolumeclaims,
  persistentvolumes,
  poddisruptionbudgets,
  pods,
  replicasets,
  replicationcontrollers,
  resourceclaims,
  resourceslices,
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
  resourceslices,
  deviceclasses,
  services,
  replicationcontrollers,
  replicasets,
  statefulsets,
];
