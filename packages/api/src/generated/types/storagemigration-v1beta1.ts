// Written by tools/generate.ts from the facts of the published API. Change that, not this.
import type { ClusterMeta } from "../../meta.ts";
import type { Condition, GroupResource, ListMeta } from "./meta-v1.ts";

export interface StorageVersionMigration {
  readonly kind: "StorageVersionMigration";
  readonly apiVersion: "storagemigration.k8s.io/v1beta1";
  readonly metadata: ClusterMeta;
  readonly spec: StorageVersionMigrationSpec;
  readonly status: StorageVersionMigrationStatus;
}

export interface StorageVersionMigrationList {
  readonly kind: "StorageVersionMigrationList";
  readonly apiVersion: "storagemigration.k8s.io/v1beta1";
  readonly metadata: ListMeta;
  readonly items: readonly StorageVersionMigration[];
}

export interface StorageVersionMigrationSpec {
  readonly resource: GroupResource;
}

export interface StorageVersionMigrationStatus {
  readonly conditions?: readonly Condition[];
  readonly resourceVersion?: string;
}
