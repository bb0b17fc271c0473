// Written by tools/generate.ts from the facts of the published API. Change that, not this.
import type { NamespacedMeta } from "../../meta.ts";
import type { ListMeta } from "./meta-v1.ts";

export interface LeaseCandidate {
  readonly kind: "LeaseCandidate";
  readonly apiVersion: "coordination.k8s.io/v1alpha2";
  readonly metadata: NamespacedMeta;
  readonly spec: LeaseCandidateSpec;
}

export interface LeaseCandidateList {
  readonly kind: "LeaseCandidateList";
  readonly apiVersion: "coordination.k8s.io/v1alpha2";
  readonly metadata: ListMeta;
  readonly items: readonly LeaseCandidate[];
}

export interface LeaseCandidateSpec {
  readonly leaseName: string;
  readonly pingTime?: string;
  readonly renewTime?: string;
  readonly binaryVersion: string;
  readonly emulationVersion?: string;
  readonly strategy?: string;
}
