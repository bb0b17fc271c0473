/** A definition that is deleted stays until the objects of its kind are gone: a finalizer of the server's own holds it. */
import type { CustomResourceDefinition } from "../generated/types/apiextensions-v1.ts";
import type { Draft } from "../meta.ts";
import { withCondition } from "./definition-conditions.ts";

export const CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";

export function markTerminating(definition: Draft<CustomResourceDefinition>, old: CustomResourceDefinition): void {
  const { metadata, status } = definition;
  delete metadata.deletionGracePeriodSeconds;
  if (old.metadata.generation !== undefined) metadata.generation = old.metadata.generation;
  if (old.metadata.deletionTimestamp) return;
  metadata.finalizers = [...new Set([...(metadata.finalizers ?? []), CLEANUP_FINALIZER])];
  const pending = {
    type: "Terminating",
    status: "True",
    reason: "InstanceDeletionPending",
    message: "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
  };
  const conditions = withCondition(status.conditions, pending, metadata.deletionTimestamp ?? "");
  definition.status = { ...status, conditions };
}

/** What is said while the objects are being deleted. */
export const DELETION_IN_PROGRESS = {
  type: "Terminating",
  status: "True",
  reason: "InstanceDeletionInProgress",
  message: "CustomResource deletion is in progress",
};
