/** What ReplicaSets and ReplicationControllers have in common, as far as keeping their pods goes. */
import type { ReplicaSet, ReplicaSetStatus } from "@kubets/api/generated/types/apps-v1";
import type { ReplicationController } from "@kubets/api/generated/types/core-v1";
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { LabelSelector } from "@kubets/machinery";

export type ReplicaOwner = ReplicaSet | ReplicationController;
export type ReplicaStatus = ReplicaSetStatus;

export interface ReplicaKind<O extends ReplicaOwner> {
  readonly name: string;
  /** Who signs the events. */
  readonly component: string;
  readonly ref: ResourceRef<O>;
  selectorOf(owner: O): LabelSelector;
  readonly countsTerminating: boolean;
}
