/** What one object uses of what quotas can count: itself, and what it asks for. */
import { parseQuantity, type Quantity, quantityOf } from "@kubets/machinery";
import { persistentvolumeclaims, pods, services } from "../generated/refs.ts";
import type { PersistentVolumeClaim, Pod, Service } from "../generated/types/core-v1.ts";
import type { KubeObject } from "../meta.ts";
import { podLimits, podRequests } from "../pod/resources.ts";
import type { ResourceRef } from "../resource-ref.ts";
import type { Amounts } from "./amounts.ts";

const CORE_COUNTS = [
  "configmaps",
  "secrets",
  "services",
  "replicationcontrollers",
  "resourcequotas",
  "persistentvolumeclaims",
  "pods",
];
export function usageOf({ group, resource }: Pick<ResourceRef, "group" | "resource">, object: KubeObject): Amounts {
  const used = new Map<string, Quantity>([[`count/${resource}${group && `.${group}`}`, quantityOf(1)]]);
  if (group !== "") return used;
  if (resource === pods.resource) return podUsage(used, object as Pod);
  if (CORE_COUNTS.includes(resource)) used.set(resource, quantityOf(1));
  if (resource === services.resource) serviceUsage(used, object as Service);
  if (resource === persistentvolumeclaims.resource) claimUsage(used, object as PersistentVolumeClaim);
  return used;
}

/** Resources that quotas know with their bare name too. */
const BARE = new Set(["cpu", "memory", "ephemeral-storage"]);
const isExtended = (name: string) => name.includes("/") && !name.startsWith("kubernetes.io/");

/** A pod that has ended counts as an object and asks for nothing. */
function podUsage(used: Map<string, Quantity>, pod: Pod): Amounts {
  if (pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed") return used;
  used.set("pods", quantityOf(1));
  for (const [name, quantity] of podRequests(pod)) {
    if (BARE.has(name) || name.startsWith("hugepages-")) used.set(name, quantity).set(`requests.${name}`, quantity);
    else if (isExtended(name)) used.set(`requests.${name}`, quantity);
  }
  for (const [name, quantity] of podLimits(pod)) if (BARE.has(name)) used.set(`limits.${name}`, quantity);
  return used;
}

function serviceUsage(used: Map<string, Quantity>, { spec }: Service): void {
  const ports = spec.ports ?? [];
  if (spec.type === "NodePort") used.set("services.nodeports", quantityOf(ports.length));
  if (spec.type !== "LoadBalancer") return;
  used.set("services.loadbalancers", quantityOf(1));
  const given = spec.allocateLoadBalancerNodePorts === false ? ports.filter((p) => p.nodePort) : ports;
  if (given.length) used.set("services.nodeports", quantityOf(given.length));
}

function claimUsage(used: Map<string, Quantity>, { spec, metadata }: PersistentVolumeClaim): void {
  const name = metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] ?? spec.storageClassName;
  const text = spec.resources?.requests?.["storage"];
  const own = name ? `${name}.storageclass.storage.k8s.io/` : undefined;
  if (own) used.set(`${own}persistentvolumeclaims`, quantityOf(1));
  if (text === undefined) return;
  const storage = parseQuantity(text);
  used.set("requests.storage", storage);
  if (own) used.set(`${own}requests.storage`, storage);
}
