// Written by tools/generate.ts from the facts of the published API. Change that, not this.
import type { ClusterMeta } from "../../meta.ts";
import type { ListMeta } from "./meta-v1.ts";

export interface VolumeAttributesClass {
  readonly kind: "VolumeAttributesClass";
  readonly apiVersion: "storage.k8s.io/v1beta1";
  readonly metadata: ClusterMeta;
  readonly driverName: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

export interface VolumeAttributesClassList {
  readonly kind: "VolumeAttributesClassList";
  readonly apiVersion: "storage.k8s.io/v1beta1";
  readonly metadata: ListMeta;
  readonly items: readonly VolumeAttributesClass[];
}
