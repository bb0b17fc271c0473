// Written by tools/generate.ts from the facts of the published API. Change that, not this.
import type { ClusterMeta, NamespacedMeta } from "../../meta.ts";
import type { LabelSelector, ListMeta } from "./meta-v1.ts";

export interface AggregationRule {
  readonly clusterRoleSelectors?: readonly LabelSelector[];
}

export interface ClusterRole {
  readonly kind: "ClusterRole";
  readonly apiVersion: "rbac.authorization.k8s.io/v1";
  readonly metadata: ClusterMeta;
  readonly rules: readonly PolicyRule[];
  readonly aggregationRule?: AggregationRule;
}

export interface ClusterRoleBinding {
  readonly kind: "ClusterRoleBinding";
  readonly apiVersion: "rbac.authorization.k8s.io/v1";
  readonly metadata: ClusterMeta;
  readonly subjects?: readonly Subject[];
  readonly roleRef: RoleRef;
}

export interface ClusterRoleBindingList {
  readonly kind: "ClusterRoleBindingList";
  readonly apiVersion: "rbac.authorization.k8s.io/v1";
  readonly metadata: ListMeta;
  readonly items: readonly ClusterRoleBinding[];
}

export interface ClusterRoleList {
  readonly kind: "ClusterRoleList";
  readonly apiVersion: "rbac.authorization.k8s.io/v1";
  readonly metadata: ListMeta;
  readonly items: readonly ClusterRole[];
}

export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

export interface Role {
  readonly kind: "Role";
  readonly apiVersion: "rbac.authorization.k8s.io/v1";
  readonly metadata: NamespacedMeta;
  readonly rules: readonly PolicyRule[];
}

export interface RoleBinding {
  readonly kind: "RoleBinding";
  readonly apiVersion: "rbac.authorization.k8s.io/v1";
  readonly metadata: NamespacedMeta;
  readonly subjects?: readonly Subject[];
  readonly roleRef: RoleRef;
}

export interface RoleBindingList {
  readonly kind: "RoleBindingList";
  readonly apiVersion: "rbac.authorization.k8s.io/v1";
  readonly metadata: ListMeta;
  readonly items: readonly RoleBinding[];
}

export interface RoleList {
  readonly kind: "RoleList";
  readonly apiVersion: "rbac.authorization.k8s.io/v1";
  readonly metadata: ListMeta;
  readonly items: readonly Role[];
}

export interface RoleRef {
  readonly apiGroup: string;
  readonly kind: string;
  readonly name: string;
}

export interface Subject {
  readonly kind: string;
  readonly apiGroup?: string;
  readonly name: string;
  readonly namespace?: string;
}
