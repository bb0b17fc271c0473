// Written by tools/generate.ts from the facts of the published API. Change that, not this.
import type { ClusterMeta } from "../../meta.ts";
import type { Condition, ListMeta } from "./meta-v1.ts";

export interface IPAddress {
  readonly kind: "IPAddress";
  readonly apiVersion: "networking.k8s.io/v1beta1";
  readonly metadata: ClusterMeta;
  readonly spec: IPAddressSpec;
}

export interface IPAddressList {
  readonly kind: "IPAddressList";
  readonly apiVersion: "networking.k8s.io/v1beta1";
  readonly metadata: ListMeta;
  readonly items: readonly IPAddress[];
}

export interface IPAddressSpec {
  readonly parentRef?: ParentReference;
}

export interface ParentReference {
  readonly group?: string;
  readonly resource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

export interface ServiceCIDR {
  readonly kind: "ServiceCIDR";
  readonly apiVersion: "networking.k8s.io/v1beta1";
  readonly metadata: ClusterMeta;
  readonly spec: ServiceCIDRSpec;
  readonly status: ServiceCIDRStatus;
}

export interface ServiceCIDRList {
  readonly kind: "ServiceCIDRList";
  readonly apiVersion: "networking.k8s.io/v1beta1";
  readonly metadata: ListMeta;
  readonly items: readonly ServiceCIDR[];
}

export interface ServiceCIDRSpec {
  readonly cidrs?: readonly string[];
}

export interface ServiceCIDRStatus {
  readonly conditions?: readonly Condition[];
}
