// Written by tools/generate.ts from the facts of the published API. Change that, not this.
import type { ListMeta, ObjectMeta } from "./meta-v1.ts";

export interface VolumeAttributesClass {
  readonly kind: "VolumeAttributesClass";
  readonly apiVersion: "storage.k8s.io/v1beta1";
  readonly metadata: ObjectMeta;
  readonly driverName: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

export interface VolumeAttributesClassList {
  readonly kind: "VolumeAttributesClassList";
  readonly apiVersion: "storage.k8s.io/v1beta1";
  readonly metadata: ListMeta;
  readonly items: readonly VolumeAttributesClass[];
}
