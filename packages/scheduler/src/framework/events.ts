/** The changes of a cluster that may make a pod schedulable, as plugins name them in their hints. */
export type ClusterEvent =
  | "node/add"
  | "node/delete"
  | "node/allocatable"
  | "node/labels"
  | "node/taints"
  | "node/conditions"
  | "node/features"
  /** A pod that stands on a node: there, other labels or fewer requests, gone. */
  | "pod/bound-add"
  | "pod/bound-update"
  | "pod/bound-delete"
  /** Another pod of a group, which stands nowhere. */
  | "pod/unbound-add"
  /** The waiting pod itself. */
  | "pod/self"
  | "podgroup/add"
  | "namespace/update"
  | "pvc/add"
  | "pvc/update"
  | "pvc/delete"
  | "pv/add"
  | "pv/update"
  | "storageclass/add"
  | "storageclass/update"
  | "csinode/add"
  | "csinode/update"
  | "csidriver/add"
  | "csidriver/update"
  | "csistoragecapacity/add"
  | "csistoragecapacity/update"
  | "volumeattachment/delete"
  | "resourceclaim/add"
  | "resourceclaim/update"
  | "resourceslice/add"
  | "resourceslice/update"
  | "deviceclass/add"
  | "deviceclass/update";

/** Whether a change is worth another try of the pod. */
export type QueueingHint = "queue" | "skip";
