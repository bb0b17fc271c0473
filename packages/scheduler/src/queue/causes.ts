/** What brings a pod into a queue: a change of the cluster, or something of the queue's own; and how the original calls it where it counts. */
import type { ClusterEvent } from "../framework/events.ts";

export type Cause =
  | ClusterEvent
  | "PodAdd"
  | "ScheduleAttemptFailure"
  | "BackoffComplete"
  | "ForceActivate"
  | "UnschedulableTimeout";

/** Where the name is not that of the kind and the action. */
const NAMES: Readonly<Partial<Record<Cause, string>>> = {
  PodAdd: "UnschedulablePodAdd",
  "pod/unbound-add": "UnschedulablePodAdd",
  "node/allocatable": "NodeUpdateNodeAllocatable",
  "node/labels": "NodeUpdateNodeLabel",
  "node/taints": "NodeUpdateNodeTaint",
  "node/conditions": "NodeUpdateNodeCondition",
  "node/features": "NodeUpdateNodeDeclaredFeature",
  "pod/bound-add": "AssignedPodAdd",
  "pod/bound-update": "AssignedPodUpdate",
  "pod/bound-delete": "AssignedPodDelete",
  "pod/self": "UnschedulablePodUpdate",
};

const KINDS: Readonly<Record<string, string>> = {
  node: "Node",
  namespace: "Namespace",
  pvc: "PersistentVolumeClaim",
  pv: "PersistentVolume",
  storageclass: "storage.k8s.io/StorageClass",
  csinode: "storage.k8s.io/CSINode",
  csidriver: "storage.k8s.io/CSIDriver",
  csistoragecapacity: "storage.k8s.io/CSIStorageCapacity",
  volumeattachment: "storage.k8s.io/VolumeAttachment",
  resourceclaim: "resource.k8s.io/ResourceClaim",
  resourceslice: "resource.k8s.io/ResourceSlice",
  deviceclass: "resource.k8s.io/DeviceClass",
  podgroup: "scheduling.k8s.io/PodGroup",
};

const ACTIONS: Readonly<Record<string, string>> = { add: "Add", update: "Update", delete: "Delete" };

export function causeName(cause: Cause): string {
  const [kind = "", action = ""] = cause.split("/");
  return NAMES[cause] ?? (action ? `${KINDS[kind]}${ACTIONS[action]}` : cause);
}
