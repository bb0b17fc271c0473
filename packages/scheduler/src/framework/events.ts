/** The changes of a cluster that may make a pod schedulable, as plugins name them in their hints. */
export interface ClusterEvent {
  readonly resource: string;
  readonly actions: readonly ("add" | "update" | "delete")[];
}

/** Whether a change is worth another try of the pod. */
export type QueueingHint = "queue" | "skip";
