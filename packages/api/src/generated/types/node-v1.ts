// Written by tools/generate.ts from the facts of the published API. Change that, not this.
import type { ClusterMeta } from "../../meta.ts";
import type { Toleration } from "./core-v1.ts";
import type { ListMeta } from "./meta-v1.ts";

export interface Overhead {
  readonly podFixed?: Readonly<Record<string, string>>;
}

export interface RuntimeClass {
  readonly kind: "RuntimeClass";
  readonly apiVersion: "node.k8s.io/v1";
  readonly metadata: ClusterMeta;
  readonly handler: string;
  readonly overhead?: Overhead;
  readonly scheduling?: Scheduling;
}

export interface RuntimeClassList {
  readonly kind: "RuntimeClassList";
  readonly apiVersion: "node.k8s.io/v1";
  readonly metadata: ListMeta;
  readonly items: readonly RuntimeClass[];
}

export interface Scheduling {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Toleration[];
}
