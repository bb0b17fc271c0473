// Written by tools/generate.ts from the facts of the published API. Change that, not this.
import type { ClusterMeta } from "../../meta.ts";
import type { ListMeta } from "./meta-v1.ts";

export interface ServerStorageVersion {
  readonly apiServerID?: string;
  readonly encodingVersion?: string;
  readonly decodableVersions?: readonly string[];
  readonly servedVersions?: readonly string[];
}

export interface StorageVersion {
  readonly kind: "StorageVersion";
  readonly apiVersion: "internal.apiserver.k8s.io/v1alpha1";
  readonly metadata: ClusterMeta;
  readonly spec: StorageVersionSpec;
  readonly status: StorageVersionStatus;
}

export interface StorageVersionCondition {
  readonly type: string;
  readonly status: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime?: string | null;
  readonly reason: string;
  readonly message?: string;
}

export interface StorageVersionList {
  readonly kind: "StorageVersionList";
  readonly apiVersion: "internal.apiserver.k8s.io/v1alpha1";
  readonly metadata: ListMeta;
  readonly items: readonly StorageVersion[];
}

export interface StorageVersionSpec {

}

export interface StorageVersionStatus {
  readonly storageVersions?: readonly ServerStorageVersion[];
  readonly commonEncodingVersion?: string;
  readonly conditions?: readonly StorageVersionCondition[];
}
