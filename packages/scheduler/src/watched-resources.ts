/** All that the scheduler keeps a view of; it begins when every one of them is complete. */
import {
  csidrivers,
  csinodes,
  csistoragecapacities,
  deviceclasses,
  devicetaintrules,
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

const ALWAYS: readonly ResourceRef[] = [
  nodes,
  namespaces,
  pods,
  poddisruptionbudgets,
  persistentvolumeclaims,
  persistentvolumes,
  storageclasses,
  csinodes,
  csidrivers,
  csistoragecapacities,
  volumeattachments,
  resourceclaims,
  resourceslices,
  deviceclasses,
  services,
  replicationcontrollers,
  replicasets,
  statefulsets,
];

export const watchedResources = (gates: Readonly<Record<string, boolean>>): readonly ResourceRef[] =>
  gates["DRADeviceTaintRules"] ? [...ALWAYS, devicetaintrules] : ALWAYS;
