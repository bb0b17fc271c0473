// Written by tools/generate.ts from the facts of the published API. Change that, not this.
import type { ClusterMeta } from "../../meta.ts";
import type { ListMeta } from "./meta-v1.ts";

export interface PriorityClass {
  readonly kind: "PriorityClass";
  readonly apiVersion: "scheduling.k8s.io/v1";
  readonly metadata: ClusterMeta;
  readonly value: number;
  readonly globalDefault?: boolean;
  readonly description?: string;
  readonly preemptionPolicy?: string;
}

export interface PriorityClassList {
  readonly kind: "PriorityClassList";
  readonly apiVersion: "scheduling.k8s.io/v1";
  readonly metadata: ListMeta;
  readonly items: readonly PriorityClass[];
}
