// Written by tools/generate.ts from the facts of the published API. Change that, not this.
import type { NamespacedMeta } from "../../meta.ts";
import type { ListMeta } from "./meta-v1.ts";

export interface Lease {
  readonly kind: "Lease";
  readonly apiVersion: "coordination.k8s.io/v1";
  readonly metadata: NamespacedMeta;
  readonly spec: LeaseSpec;
}

export interface LeaseList {
  readonly kind: "LeaseList";
  readonly apiVersion: "coordination.k8s.io/v1";
  readonly metadata: ListMeta;
  readonly items: readonly Lease[];
}

export interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
  readonly strategy?: string;
  readonly preferredHolder?: string;
}
