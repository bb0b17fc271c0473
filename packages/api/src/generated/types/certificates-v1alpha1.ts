// Written by tools/generate.ts from the facts of the published API. Change that, not this.
import type { ClusterMeta } from "../../meta.ts";
import type { ListMeta } from "./meta-v1.ts";

export interface ClusterTrustBundle {
  readonly kind: "ClusterTrustBundle";
  readonly apiVersion: "certificates.k8s.io/v1alpha1";
  readonly metadata: ClusterMeta;
  readonly spec: ClusterTrustBundleSpec;
}

export interface ClusterTrustBundleList {
  readonly kind: "ClusterTrustBundleList";
  readonly apiVersion: "certificates.k8s.io/v1alpha1";
  readonly metadata: ListMeta;
  readonly items: readonly ClusterTrustBundle[];
}

export interface ClusterTrustBundleSpec {
  readonly signerName?: string;
  readonly trustBundle: string;
}
