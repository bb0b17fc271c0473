/**
 * What a pod asks of a node. A pod needs the larger of what its regular containers need together and what each init container needs
 * beside the sidecars started before it; devices of claims may be made of the node's own resources; resources of the pod itself stand above
 * all these; overhead comes on top.
 */
import { parseQuantity, type Quantity } from "@kubets/machinery/quantity";
import type { Container, Pod, PodSpec, PodStatus, ResourceRequirements } from "../generated/types/core-v1.ts";
import { isSidecar, statusOf } from "./containers.ts";

export type Amounts = ReadonlyMap<string, Quantity>;
export type ResourceList = Readonly<Record<string, string>>;

type Mutable = Map<string, Quantity>;
type Kind = "requests" | "limits";

/** Resources that may be set for a pod as a whole. */
export const isPodLevelResource = (name: string): boolean =>
  name === "cpu" || name === "memory" || name.startsWith("hugepages-");

/** What a pod takes of its node's own resources: also by the devices of its claims. */
export const WITH_CLAIMS = "with claims";

/** What the scheduler counts for the pod: requests, with overhead. */
export function podRequests(
  pod: Pick<Pod, "spec"> & Partial<Pick<Pod, "status">>,
  claims?: typeof WITH_CLAIMS,
): Amounts {
  const total = containersNeed(pod.spec, (container) => requestsOf(container, pod.status));
  if (claims)
    for (const claim of pod.status?.nodeAllocatableResourceClaimStatuses ?? []) addList(total, claim.resources);
  if (pod.spec.resources?.requests) overridePodLevel(total, requestsAsAWhole(pod));
  addList(total, pod.spec.overhead);
  return total;
}

/** The most that the pod may use; a resource that some container leaves open is counted as far as limits are set. */
export function podLimits(pod: Pick<Pod, "spec">): Amounts {
  const total = containersNeed(pod.spec, (container) => amounts(container.resources?.limits));
  overridePodLevel(total, amounts(pod.spec.resources?.limits));
  for (const [name, text] of Object.entries(pod.spec.overhead ?? {})) {
    const limit = total.get(name);
    if (limit && !limit.isZero()) total.set(name, limit.add(parseQuantity(text)));
  }
  return total;
}

/** What containers need without what is set for the pod as a whole, and without overhead. */
export const containersTotal = (spec: PodSpec, kind: Kind): Amounts =>
  containersNeed(spec, (container) => amounts(container.resources?.[kind]));

export function amounts(list: ResourceList | undefined): Mutable {
  const map: Mutable = new Map();
  for (const name in list) map.set(name, parseQuantity(list[name] as string));
  return map;
}

/** As a resource list, the shape in which the API writes amounts. */
export const resourceList = (amounts: Amounts): Record<string, string> =>
  Object.fromEntries([...amounts].map(([name, quantity]) => [name, quantity.toString()]));

function containersNeed(spec: PodSpec, needOf: (container: Container) => Amounts): Mutable {
  const total: Mutable = new Map();
  for (const container of spec.containers) add(total, needOf(container));
  if (!spec.initContainers?.length) return total;

  const sidecars: Mutable = new Map();
  const starting: Mutable = new Map();
  for (const container of spec.initContainers) {
    const need = needOf(container);
    if (isSidecar(container)) {
      add(total, need);
      add(sidecars, need);
      raise(starting, sidecars);
    } else {
      const beside = new Map(sidecars);
      add(beside, need);
      raise(starting, beside);
    }
  }
  raise(total, starting);
  return total;
}

/** While a pod is resized it holds the most of what is asked for, allocated and in use; what cannot be done is not counted. */
function requestsOf(container: Container, status: Pod["status"] | undefined): Amounts {
  const known =
    statusOf(status?.containerStatuses, container.name) ?? statusOf(status?.initContainerStatuses, container.name);
  return mostOf(container.resources, known, status);
}

/** The same for what is asked for the pod as a whole. */
const requestsAsAWhole = ({ spec, status }: Pick<Pod, "spec"> & Partial<Pick<Pod, "status">>): Amounts =>
  mostOf(spec.resources, status, status);

function mostOf(
  asked: ResourceRequirements | undefined,
  known: Pick<PodStatus, "resources" | "allocatedResources"> | undefined,
  status: Pod["status"] | undefined,
): Amounts {
  const requests = amounts(asked?.requests);
  const held = amounts(known?.resources?.requests);
  raise(held, amounts(known?.allocatedResources));
  if (held.size === 0) return requests;
  if (!isResizeInfeasible(status)) raise(held, requests);
  return held;
}

const isResizeInfeasible = (status: Pod["status"] | undefined): boolean =>
  status?.conditions?.some(({ type, reason }) => type === "PodResizePending" && reason === "Infeasible") ?? false;

function overridePodLevel(total: Mutable, all: Amounts): void {
  for (const [name, quantity] of all) if (isPodLevelResource(name)) total.set(name, quantity);
}

function addList(total: Mutable, list: ResourceList | undefined): void {
  if (list) add(total, amounts(list));
}

function add(total: Mutable, more: Amounts): void {
  for (const [name, quantity] of more) {
    const before = total.get(name);
    total.set(name, before ? before.add(quantity) : quantity);
  }
}

function raise(total: Mutable, other: Amounts): void {
  for (const [name, quantity] of other) {
    const before = total.get(name);
    if (!before || quantity.compare(before) > 0) total.set(name, quantity);
  }
}
