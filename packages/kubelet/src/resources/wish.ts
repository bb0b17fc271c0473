/**
 * What the containers of a pod want for themselves. Pure. Only guaranteed pods have CPUs (whole ones) and memory of their own; devices anyone may
 * ask for. Where a pod asks for itself as a whole, its containers have something of their own only if they would be guaranteed by themselves.
 */
import type { Container, Pod } from "@kubets/api/generated/types/core-v1";
import { isSidecar } from "@kubets/api/pod/containers";
import { computeQosClass } from "@kubets/api/pod/qos";
import { isPodLevelResource, type ResourceList } from "@kubets/api/pod/resources";
import { parseQuantity } from "@kubets/machinery/quantity";
import type { Allotment } from "./allotment.ts";
import type { DeviceWish } from "./devices/choose.ts";
import type { NodePolicies, NodeSupply } from "./supply.ts";

export interface Wish {
  readonly cpus: number;
  readonly memory: number;
  readonly devices: Readonly<Record<string, number>>;
}

export interface ContainerWish {
  readonly container: Container;
  readonly wish: Wish;
  /** It ends before others of its pod begin. */
  readonly passesOn: boolean;
}

/** In the order in which the containers begin. */
export function wishesOf(pod: Pod, policies: NodePolicies, supply: Pick<NodeSupply, "devices">): ContainerWish[] {
  const { initContainers = [], containers } = pod.spec;
  return [...initContainers, ...containers].map((container) => ({
    container,
    wish: wishOf(pod, container, policies, supply),
    passesOn: initContainers.includes(container) && !isSidecar(container),
  }));
}

function wishOf(pod: Pod, container: Container, policies: NodePolicies, supply: Pick<NodeSupply, "devices">): Wish {
  const asked = { ...container.resources?.limits, ...container.resources?.requests };
  const devices = Object.entries(asked).flatMap(([name, text]) => {
    const count = supply.devices(name) ? parseQuantity(text).value() : 0;
    return count > 0 ? [[name, count] as const] : [];
  });
  const own = mayHaveOwn(pod, container, policies) ? ownOf(asked, policies) : { cpus: 0, memory: 0 };
  return { ...own, devices: Object.fromEntries(devices) };
}

function mayHaveOwn(pod: Pod, container: Container, { podLevel }: NodePolicies): boolean {
  if (computeQosClass(pod.spec) !== "Guaranteed") return false;
  return !asksAsAWhole(pod) || (podLevel && isGuaranteedByItself(container));
}

/** What is wanted of these amounts: CPUs only if they are whole ones. */
export function ownOf(asked: ResourceList, policies: NodePolicies): Pick<Wish, "cpus" | "memory"> {
  const milli = asked["cpu"] ? parseQuantity(asked["cpu"]).milliValue() : 0;
  return {
    cpus: policies.cpus === "static" && milli % 1000 === 0 ? milli / 1000 : 0,
    memory: policies.memory === "Static" && asked["memory"] ? parseQuantity(asked["memory"]).value() : 0,
  };
}

/** Whether resources are set for all of the pod. */
export const asksAsAWhole = ({ spec }: Pick<Pod, "spec">): boolean =>
  Object.keys({ ...spec.resources?.requests, ...spec.resources?.limits }).some(isPodLevelResource);

const isGuaranteedByItself = ({ resources }: Container): boolean =>
  ["cpu", "memory"].every((name) => {
    const asked = parseQuantity(resources?.requests?.[name] ?? "0");
    return !asked.isZero() && asked.equals(parseQuantity(resources?.limits?.[name] ?? "0"));
  });

export const isEmpty = ({ cpus, memory, devices }: Wish): boolean =>
  !cpus && !memory && Object.keys(devices).length === 0;

/** Of containers that run one after the other the largest counts, of those side by side the sum. */
export function sumOf(order: readonly Omit<ContainerWish, "container">[]): Wish {
  const names = new Set(order.flatMap(({ wish }) => Object.keys(wish.devices)));
  const total = (of: (wish: Wish) => number): number => {
    const beside = order.filter(({ passesOn }) => !passesOn).reduce((all, { wish }) => all + of(wish), 0);
    return Math.max(beside, ...order.filter(({ passesOn }) => passesOn).map(({ wish }) => of(wish)));
  };
  return {
    cpus: total(({ cpus }) => cpus),
    memory: total(({ memory }) => memory),
    devices: Object.fromEntries([...names].map((name) => [name, total(({ devices }) => devices[name] ?? 0)])),
  };
}

export const deviceWishes = (
  wish: Wish,
  supply: Pick<NodeSupply, "devices">,
  used: readonly Allotment[],
  reusable: readonly Allotment[],
): DeviceWish[] =>
  Object.entries(wish.devices).map(([resource, count]) => ({
    resource,
    count,
    devices: supply.devices(resource) ?? [],
    taken: new Set(used.flatMap(({ devices }) => devices?.[resource] ?? [])),
    reusable: reusable.flatMap(({ devices }) => devices?.[resource] ?? []),
  }));
