/** What brings a pod into a queue: a change of the cluster, or something of the queue's own; and how the original calls it where it counts. */
import type { ClusterEvent } from "../framework/events.ts";

export type Cause =
  | ClusterEvent
  | "PodAdd"
  | "ScheduleAttemptFailure"
  | "BackoffComplete"
  | "ForceActivate"
  | "UnschedulableTimeout";

const NAMES: Readonly<Partial<Record<Cause, string>>> = {
  "node/add": "NodeAdd",
  "node/delete": "NodeDelete",
  "node/allocatable": "NodeAllocatableChange",
  "node/labels": "NodeLabelChange",
  "node/taints": "NodeTaintChange",
  "node/conditions": "NodeConditionChange",
  "pod/bound-add": "AssignedPodAdd",
  "pod/bound-update": "AssignedPodUpdate",
  "pod/bound-delete": "AssignedPodDelete",
  "pod/self": "PodUpdate",
  "namespace/update": "NamespaceUpdate",
  "pvc/add": "PvcAdd",
  "pvc/update": "PvcUpdate",
  "pvc/delete": "PvcDelete",
  "pv/add": "PvAdd",
  "pv/update": "PvUpdate",
  "storageclass/add": "StorageClassAdd",
  "storageclass/update": "StorageClassUpdate",
  "csinode/add": "CSINodeAdd",
  "csinode/update": "CSINodeUpdate",
  "volumeattachment/delete": "VolumeAttachmentDelete",
  "resourceclaim/add": "ResourceClaimAdd",
  "resourceclaim/update": "ResourceClaimUpdate",
  "resourceslice/add": "ResourceSliceAdd",
  "resourceslice/update": "ResourceSliceUpdate",
  "deviceclass/add": "DeviceClassAdd",
  "deviceclass/update": "DeviceClassUpdate",
};

export const causeName = (cause: Cause): string => NAMES[cause] ?? cause;
