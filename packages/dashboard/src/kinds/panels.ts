/** What the summary of a kind shows besides what all objects have. */
import type { ComponentChild } from "preact";
import { fullName } from "../kind-names.ts";
import type { Kind } from "../server/kinds.ts";
import type { KubeObject } from "../server/object.ts";
import { ConfigMapPanel } from "./panels/config-map.ts";
import { CronJobPanel } from "./panels/cron-job.ts";
import { DefinitionPanel } from "./panels/custom-resource-definition.ts";
import { EndpointSlicePanel } from "./panels/endpoint-slice.ts";
import { EventPanel } from "./panels/event.ts";
import { FieldsPanel } from "./panels/fields.ts";
import { AutoscalerPanel } from "./panels/horizontal-pod-autoscaler.ts";
import { IngressPanel } from "./panels/ingress.ts";
import { JobPanel } from "./panels/job.ts";
import { LeasePanel } from "./panels/lease.ts";
import { NamespacePanel } from "./panels/namespace.ts";
import { NetworkPolicyPanel } from "./panels/network-policy.ts";
import { NodePanel } from "./panels/node.ts";
import { VolumePanel } from "./panels/persistent-volume.ts";
import { ClaimPanel } from "./panels/persistent-volume-claim.ts";
import { PodPanel } from "./panels/pod.ts";
import { ReplicaSetsPanel } from "./panels/replica-sets.ts";
import { QuotaPanel } from "./panels/resource-quota.ts";
import { RolePanel } from "./panels/role.ts";
import { RoleBindingPanel } from "./panels/role-binding.ts";
import { SecretPanel } from "./panels/secret.ts";
import { ServicePanel } from "./panels/service.ts";
import { ServiceAccountPanel } from "./panels/service-account.ts";
import { StorageClassPanel } from "./panels/storage-class.ts";
import { WorkloadPanel } from "./panels/workload.ts";

export interface PanelView<T = KubeObject> {
  readonly kind: Kind;
  readonly object: T;
}

export type Panel<T = KubeObject> = (view: PanelView<T>) => ComponentChild;

/** By resource and group: `pods`, `deployments.apps`. */
const PANELS: Readonly<Record<string, readonly Panel<never>[]>> = {
  configmaps: [ConfigMapPanel],
  "clusterrolebindings.rbac.authorization.k8s.io": [RoleBindingPanel],
  "clusterroles.rbac.authorization.k8s.io": [RolePanel],
  "cronjobs.batch": [CronJobPanel],
  "customresourcedefinitions.apiextensions.k8s.io": [DefinitionPanel],
  "daemonsets.apps": [WorkloadPanel],
  "deployments.apps": [WorkloadPanel, ReplicaSetsPanel],
  "endpointslices.discovery.k8s.io": [EndpointSlicePanel],
  events: [EventPanel],
  "horizontalpodautoscalers.autoscaling": [AutoscalerPanel],
  "ingresses.networking.k8s.io": [IngressPanel],
  "jobs.batch": [JobPanel],
  "leases.coordination.k8s.io": [LeasePanel],
  namespaces: [NamespacePanel],
  "networkpolicies.networking.k8s.io": [NetworkPolicyPanel],
  nodes: [NodePanel],
  persistentvolumeclaims: [ClaimPanel],
  persistentvolumes: [VolumePanel],
  pods: [PodPanel],
  "replicasets.apps": [WorkloadPanel],
  replicationcontrollers: [WorkloadPanel],
  resourcequotas: [QuotaPanel],
  "rolebindings.rbac.authorization.k8s.io": [RoleBindingPanel],
  "roles.rbac.authorization.k8s.io": [RolePanel],
  secrets: [SecretPanel],
  serviceaccounts: [ServiceAccountPanel],
  services: [ServicePanel],
  "statefulsets.apps": [WorkloadPanel],
  "storageclasses.storage.k8s.io": [StorageClassPanel],
};

/** Kinds that have none of their own, custom ones too, show their fields as they are. */
export const panelsOf = (kind: Kind): readonly Panel[] =>
  // Each is given objects of its own kind alone.
  (PANELS[fullName(kind)] as readonly Panel[] | undefined) ?? [FieldsPanel];
