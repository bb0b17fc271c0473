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
  podgroups,
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
import type { SchedulerGates } from "./feature-gates.ts";

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

export const watchedResources = (gates: SchedulerGates): readonly ResourceRef[] => [
  ...ALWAYS,
  ...(gates.enabled("DRADeviceTaintRules") ? [devicetaintrules] : []),
  ...(gates.enabled("GenericWorkload") ? [podgroups] : []),
];
