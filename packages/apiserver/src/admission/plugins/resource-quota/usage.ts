/** What one object uses of what quotas can count: itself, and what it asks for. */
import { persistentvolumeclaims, pods, services } from "@kubets/api/generated/refs";
import type { PersistentVolumeClaim, Pod, Service } from "@kubets/api/generated/types/core-v1";
import type { KubeObject } from "@kubets/api/meta";
import { podLimits, podRequests } from "@kubets/api/pod/resources";
import type { ResourceDefinition } from "@kubets/api/resource";
import { parseQuantity, type Quantity, quantityOf } from "@kubets/machinery";
import type { Operation } from "../../plugin.ts";
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
/** What is counted again when it changes. */
const CHANGES = new Set([services.resource, persistentvolumeclaims.resource]);

export function isCounted(
  operation: Operation,
  { group, resource, verbs }: ResourceDefinition,
  subresource: string,
): boolean {
  if (resource === "events" || !verbs.includes("list")) return false;
  if (subresource !== "")
    return group === "" && resource === "pods" && subresource === "resize" && operation === "UPDATE";
  return operation === "CREATE" || (group === "" && CHANGES.has(resource));
}

export function usageOf({ group, resource }: ResourceDefinition, object: KubeObject): Amounts {
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
