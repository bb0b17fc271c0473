// Written by tools/generate.ts from the facts of the published API. Change that, not this.
import type { ClusterMeta, NamespacedMeta } from "../../meta.ts";
import type { PersistentVolumeSpec, TopologySelectorTerm } from "./core-v1.ts";
import type { LabelSelector, ListMeta } from "./meta-v1.ts";

export interface CSIDriver {
  readonly kind: "CSIDriver";
  readonly apiVersion: "storage.k8s.io/v1";
  readonly metadata: ClusterMeta;
  readonly spec: CSIDriverSpec;
}

export interface CSIDriverList {
  readonly kind: "CSIDriverList";
  readonly apiVersion: "storage.k8s.io/v1";
  readonly metadata: ListMeta;
  readonly items: readonly CSIDriver[];
}

export interface CSIDriverSpec {
  readonly attachRequired?: boolean;
  readonly podInfoOnMount?: boolean;
  readonly volumeLifecycleModes?: readonly string[];
  readonly storageCapacity?: boolean;
  readonly fsGroupPolicy?: string;
  readonly tokenRequests?: readonly TokenRequest[];
  readonly requiresRepublish?: boolean;
  readonly seLinuxMount?: boolean;
  readonly nodeAllocatableUpdatePeriodSeconds?: number;
  readonly serviceAccountTokenInSecrets?: boolean;
  readonly preventPodSchedulingIfMissing?: boolean;
}

export interface CSINode {
  readonly kind: "CSINode";
  readonly apiVersion: "storage.k8s.io/v1";
  readonly metadata: ClusterMeta;
  readonly spec: CSINodeSpec;
}

export interface CSINodeDriver {
  readonly name: string;
  readonly nodeID: string;
  readonly topologyKeys: readonly string[];
  readonly allocatable?: VolumeNodeResources;
}

export interface CSINodeList {
  readonly kind: "CSINodeList";
  readonly apiVersion: "storage.k8s.io/v1";
  readonly metadata: ListMeta;
  readonly items: readonly CSINode[];
}

export interface CSINodeSpec {
  readonly drivers: readonly CSINodeDriver[];
}

export interface CSIStorageCapacity {
  readonly kind: "CSIStorageCapacity";
  readonly apiVersion: "storage.k8s.io/v1";
  readonly metadata: NamespacedMeta;
  readonly nodeTopology?: LabelSelector;
  readonly storageClassName: string;
  readonly capacity?: string;
  readonly maximumVolumeSize?: string;
}

export interface CSIStorageCapacityList {
  readonly kind: "CSIStorageCapacityList";
  readonly apiVersion: "storage.k8s.io/v1";
  readonly metadata: ListMeta;
  readonly items: readonly CSIStorageCapacity[];
}

export interface StorageClass {
  readonly kind: "StorageClass";
  readonly apiVersion: "storage.k8s.io/v1";
  readonly metadata: ClusterMeta;
  readonly provisioner: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly reclaimPolicy?: string;
  readonly mountOptions?: readonly string[];
  readonly allowVolumeExpansion?: boolean;
  readonly volumeBindingMode?: string;
  readonly allowedTopologies?: readonly TopologySelectorTerm[];
}

export interface StorageClassList {
  readonly kind: "StorageClassList";
  readonly apiVersion: "storage.k8s.io/v1";
  readonly metadata: ListMeta;
  readonly items: readonly StorageClass[];
}

export interface TokenRequest {
  readonly audience: string;
  readonly expirationSeconds?: number;
}

export interface VolumeAttachment {
  readonly kind: "VolumeAttachment";
  readonly apiVersion: "storage.k8s.io/v1";
  readonly metadata: ClusterMeta;
  readonly spec: VolumeAttachmentSpec;
  readonly status: VolumeAttachmentStatus;
}

export interface VolumeAttachmentList {
  readonly kind: "VolumeAttachmentList";
  readonly apiVersion: "storage.k8s.io/v1";
  readonly metadata: ListMeta;
  readonly items: readonly VolumeAttachment[];
}

export interface VolumeAttachmentSource {
  readonly persistentVolumeName?: string;
  readonly inlineVolumeSpec?: PersistentVolumeSpec;
}

export interface VolumeAttachmentSpec {
  readonly attacher: string;
  readonly source: VolumeAttachmentSource;
  readonly nodeName: string;
}

export interface VolumeAttachmentStatus {
  readonly attached: boolean;
  readonly attachmentMetadata?: Readonly<Record<string, string>>;
  readonly attachError?: VolumeError;
  readonly detachError?: VolumeError;
}

export interface VolumeAttributesClass {
  readonly kind: "VolumeAttributesClass";
  readonly apiVersion: "storage.k8s.io/v1";
  readonly metadata: ClusterMeta;
  readonly driverName: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

export interface VolumeAttributesClassList {
  readonly kind: "VolumeAttributesClassList";
  readonly apiVersion: "storage.k8s.io/v1";
  readonly metadata: ListMeta;
  readonly items: readonly VolumeAttributesClass[];
}

export interface VolumeError {
  readonly time?: string | null;
  readonly message?: string;
  readonly errorCode?: number;
}

export interface VolumeNodeResources {
  readonly count?: number;
}
