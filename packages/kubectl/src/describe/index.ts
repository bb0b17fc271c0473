/** The one list of kinds with a description of their own; all others have the generic one. */
import { resourceText } from "../resources/mapper.ts";
import type { Info } from "../resources/select.ts";
import type { Api } from "../session.ts";
import { binding, role, serviceAccount } from "./access.ts";
import { address, serviceRange } from "./addresses.ts";
import { autoscaler } from "./autoscaler.ts";
import { attributesClass, driverNode } from "./cluster-storage.ts";
import { configMap, secret } from "./data.ts";
import { deployment } from "./deployment.ts";
import type { Describer } from "./describer.ts";
import { eventsOf } from "./events.ts";
import { generic } from "./generic.ts";
import { ingress, ingressClass } from "./ingress.ts";
import { Lines } from "./lines.ts";
import { limitRange, namespace, quota } from "./namespace.ts";
import { networkPolicy } from "./network-policy.ts";
import { node } from "./node.ts";
import { pod } from "./pod.ts";
import { budget, endpointSlice, endpoints, priorityClass } from "./policies.ts";
import { service } from "./service.ts";
import { claim, storageClass, volume } from "./storage.ts";
import { cronJob, daemonSet, job, replicaSet, statefulSet } from "./workloads.ts";

const DESCRIBERS: Readonly<Record<string, Describer>> = {
  pods: pod,
  nodes: node,
  services: service,
  namespaces: namespace,
  configmaps: configMap,
  secrets: secret,
  serviceaccounts: serviceAccount,
  resourcequotas: quota,
  limitranges: limitRange,
  "horizontalpodautoscalers.autoscaling": autoscaler,
  "csinodes.storage.k8s.io": driverNode,
  "volumeattributesclasses.storage.k8s.io": attributesClass,
  "servicecidrs.networking.k8s.io": serviceRange,
  endpoints,
  "ingressclasses.networking.k8s.io": ingressClass,
  "ipaddresses.networking.k8s.io": address,
  replicationcontrollers: replicaSet,
  "deployments.apps": deployment,
  "replicasets.apps": replicaSet,
  "daemonsets.apps": daemonSet,
  "statefulsets.apps": statefulSet,
  "jobs.batch": job,
  "cronjobs.batch": cronJob,
  persistentvolumes: volume,
  persistentvolumeclaims: claim,
  "storageclasses.storage.k8s.io": storageClass,
  "poddisruptionbudgets.policy": budget,
  "priorityclasses.scheduling.k8s.io": priorityClass,
  "endpointslices.discovery.k8s.io": endpointSlice,
  "ingresses.networking.k8s.io": ingress,
  "networkpolicies.networking.k8s.io": networkPolicy,
  "roles.rbac.authorization.k8s.io": role,
  "clusterroles.rbac.authorization.k8s.io": role,
  "rolebindings.rbac.authorization.k8s.io": binding,
  "clusterrolebindings.rbac.authorization.k8s.io": binding,
};

export async function describeObject(
  api: Api,
  info: Info,
  { now, showEvents }: { now: number; showEvents: boolean },
): Promise<string> {
  const describe = DESCRIBERS[resourceText(info.resource)] ?? generic;
  const events = showEvents ? await eventsOf(api, info) : undefined;
  const lines = new Lines();
  await describe({ info, object: info.object, api, now, lines, events });
  return lines.toString();
}
