/**
 * What the containers of a pod are given for themselves, or why they cannot be. Pure: from what the node has and what is taken.
 * Only guaranteed pods have CPUs (whole ones) and memory of their own; devices anyone may ask for.
 */
import type { Container, Pod } from "@kubets/api/generated/types/core-v1";
import { isSidecar } from "@kubets/api/pod/containers";
import { computeQosClass } from "@kubets/api/pod/qos";
import { parseQuantity } from "@kubets/machinery/quantity";
import type { Rejection } from "../admission/admit.ts";
import type { Allotment, PodAllotments } from "./allotment.ts";
import { type Cpu, type CpuOption, threadsPerCore } from "./cpus.ts";
import { chooseDevices, type Device, type DeviceWish, deviceHints, shortage } from "./devices/choose.ts";
import { chooseCpus } from "./distribute.ts";
import { freeMemory, memoryHints, takeMemory } from "./memory.ts";
import { type Hint, hintsOf, masksOf, meanDistance, mergeHints, type TopologyPolicy } from "./numa.ts";

export interface NodePolicies {
  readonly cpus: "none" | "static";
  readonly cpuOptions: ReadonlySet<CpuOption>;
  readonly memory: "None" | "Static";
  readonly topology: TopologyPolicy;
  /** Whether, of sets of as many NUMA nodes, those near to each other are taken (`prefer-closest-numa-nodes`). */
  readonly closestNodes: boolean;
  readonly scope: "container" | "pod";
}

export interface NodeSupply {
  readonly cpus: readonly Cpu[];
  /** Never given to one container alone. */
  readonly reservedCpus: ReadonlySet<number>;
  readonly nodes: readonly {
    readonly id: number;
    readonly allocatable: number;
    readonly distances?: readonly number[];
  }[];
  /** Undefined for a resource that no plugin offers. */
  devices(resource: string): readonly Device[] | undefined;
}

interface Wish {
  readonly cpus: number;
  readonly memory: number;
  readonly devices: Readonly<Record<string, number>>;
}

type PodPlan = { readonly allotments: PodAllotments } | { readonly rejection: Rejection };

const NOT_LOCAL: Rejection = {
  reason: "TopologyAffinityError",
  message: "Resources cannot be allocated with Topology locality",
};
const unexpected = (why: string): Rejection => ({
  reason: "UnexpectedAdmissionError",
  message: `Allocate failed due to ${why}, which is unexpected`,
});

function wishOf(pod: Pod, container: Container, policies: NodePolicies, supply: Pick<NodeSupply, "devices">): Wish {
  const asked = { ...container.resources?.limits, ...container.resources?.requests };
  const isGuaranteed = computeQosClass(pod.spec) === "Guaranteed";
  const milli = asked.cpu ? parseQuantity(asked.cpu).milliValue() : 0;
  const own = isGuaranteed && policies.cpus === "static" && milli % 1000 === 0;
  const devices = Object.entries(asked).flatMap(([name, text]) => {
    const count = supply.devices(name) ? parseQuantity(text).value() : 0;
    return count > 0 ? [[name, count] as const] : [];
  });
  return {
    cpus: own ? milli / 1000 : 0,
    memory: isGuaranteed && policies.memory === "Static" && asked.memory ? parseQuantity(asked.memory).value() : 0,
    devices: Object.fromEntries(devices),
  };
}

const isEmpty = ({ cpus, memory, devices }: Wish): boolean => !cpus && !memory && Object.keys(devices).length === 0;

/** Undefined when no container of the pod wants anything of its own. */
export function planAllotments(
  pod: Pod,
  policies: NodePolicies,
  supply: NodeSupply,
  taken: readonly Allotment[],
): PodPlan | undefined {
  const { initContainers = [], containers } = pod.spec;
  const order = [...initContainers, ...containers].map((container) => ({
    container,
    wish: wishOf(pod, container, policies, supply),
    passesOn: initContainers.includes(container) && !isSidecar(container),
  }));
  if (order.every(({ wish }) => isEmpty(wish))) return undefined;
  const whole = policies.scope === "pod" ? localityOf(sumOf(order), policies, supply, taken, []) : undefined;
  if (whole && !whole.admitted) return { rejection: NOT_LOCAL };
  const made: Record<string, Allotment> = {};
  for (const { container, wish, passesOn } of order) {
    if (isEmpty(wish)) continue;
    const used = [...taken, ...Object.values(made).filter((each) => !each.passedOn)];
    const reusable = Object.values(made).filter((each) => each.passedOn);
    const threads = threadsPerCore(supply.cpus);
    if (policies.cpuOptions.has("full-pcpus-only") && wish.cpus % threads !== 0)
      return {
        rejection: {
          reason: "SMTAlignmentError",
          message: `SMT Alignment Error: requested ${wish.cpus} cpus not multiple cpus per core = ${threads}`,
        },
      };
    const local = whole ?? localityOf(wish, policies, supply, used, reusable);
    if (!local.admitted) return { rejection: NOT_LOCAL };
    const allotment = allot(wish, local.nodes, policies, supply, used, reusable);
    if (typeof allotment === "string") return { rejection: unexpected(allotment) };
    made[container.name] = { ...allotment, ...(passesOn && { passedOn: true }) };
  }
  return { allotments: made };
}

/** Of containers that run one after the other the largest counts, of those side by side the sum. */
function sumOf(order: readonly { readonly wish: Wish; readonly passesOn: boolean }[]): Wish {
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

function localityOf(
  wish: Wish,
  policies: NodePolicies,
  supply: NodeSupply,
  used: readonly Allotment[],
  reusable: readonly Allotment[],
) {
  const nodes = supply.nodes.map(({ id }) => id);
  if (policies.topology === "none") return { admitted: true, nodes: undefined };
  const lists: (readonly Hint[])[] = [];
  if (wish.cpus > 0) lists.push(cpuHints(wish.cpus, policies, supply, used));
  if (wish.memory > 0) lists.push(memoryHints(memoryLeft(supply, used), wish.memory));
  for (const each of deviceWishes(wish, supply, used, reusable)) {
    const hints = deviceHints(each, nodes);
    if (hints) lists.push(hints);
  }
  return mergeHints(policies.topology, lists, nodes, policies.closestNodes ? meanDistance(supply.nodes) : undefined);
}

function cpuHints(
  count: number,
  { cpuOptions }: NodePolicies,
  { cpus, nodes, reservedCpus }: NodeSupply,
  used: readonly Allotment[],
): Hint[] {
  const free = freeCpus(cpus, reservedCpus, used);
  const within = (mask: number, among: (id: number) => boolean) =>
    cpus.filter((cpu) => isIn(mask, cpu) && among(cpu.id)).length >= count;
  const masks = masksOf(nodes.map(({ id }) => id));
  const could = (mask: number) => within(mask, (id) => !reservedCpus.has(id));
  const hints = hintsOf(masks, could, (mask) => within(mask, (id) => free.has(id)));
  if (!cpuOptions.has("align-by-socket")) return hints;
  // Nodes of no more sockets than it takes are as good as no more nodes than it takes.
  const socketsOf = (mask = 0) => socketsIn(cpus, mask).size;
  const fewest = Math.min(...masks.filter(could).map(socketsOf));
  return hints.map((hint) => ({ ...hint, preferred: hint.preferred || socketsOf(hint.nodes) === fewest }));
}

const isIn = (mask: number, { node }: Cpu): boolean => (mask & (1 << node)) !== 0;
const socketsIn = (cpus: readonly Cpu[], mask: number): Set<number> =>
  new Set(cpus.flatMap((cpu) => (isIn(mask, cpu) ? [cpu.socket] : [])));

/** What can be given to one container alone. */
export function freeCpus(cpus: readonly Cpu[], reserved: ReadonlySet<number>, used: readonly Allotment[]): Set<number> {
  const taken = new Set(used.flatMap((each) => each.cpus ?? []));
  return new Set(cpus.flatMap(({ id }) => (reserved.has(id) || taken.has(id) ? [] : [id])));
}

const memoryLeft = ({ nodes }: NodeSupply, used: readonly Allotment[]) =>
  freeMemory(
    nodes,
    used.flatMap(({ memory }) => memory ?? []),
  );

const deviceWishes = (
  wish: Wish,
  supply: NodeSupply,
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

/** Gives what stands in the way as a text. */
function allot(
  wish: Wish,
  nodes: number | undefined,
  { cpuOptions }: NodePolicies,
  supply: NodeSupply,
  used: readonly Allotment[],
  reusable: readonly Allotment[],
): Allotment | string {
  const devices: Record<string, readonly string[]> = {};
  for (const each of deviceWishes(wish, supply, used, reusable)) {
    const short = shortage(each);
    if (short) return short;
    devices[each.resource] = chooseDevices(each, nodes);
  }
  const cpus = wish.cpus > 0 ? takeOwnCpus(wish.cpus, nodes, cpuOptions, supply, used, reusable) : undefined;
  if (wish.cpus > 0 && !cpus) return "not enough cpus available to satisfy request";
  const fromNodes = wish.memory > 0 ? takeMemory(memoryLeft(supply, used), wish.memory, nodes) : undefined;
  if (wish.memory > 0 && !fromNodes)
    return "[memorymanager] failed to get the default NUMA affinity, no NUMA nodes with enough memory is available";
  return {
    ...(cpus && { cpus }),
    ...(fromNodes && { memory: { nodes: fromNodes, bytes: wish.memory } }),
    ...(Object.keys(devices).length > 0 && { devices }),
  };
}

/** First what an ended container of the pod leaves, then what lies near, then what lies anywhere. */
function takeOwnCpus(
  count: number,
  nodes: number | undefined,
  options: ReadonlySet<CpuOption>,
  { cpus, reservedCpus }: NodeSupply,
  used: readonly Allotment[],
  reusable: readonly Allotment[],
): number[] | undefined {
  const free = freeCpus(cpus, reservedCpus, used);
  const left = new Set(reusable.flatMap((each) => each.cpus ?? []).filter((id) => free.has(id)));
  const sockets = socketsIn(cpus, nodes ?? 0);
  const isNear = (cpu: Cpu) => (options.has("align-by-socket") ? sockets.has(cpu.socket) : isIn(nodes ?? 0, cpu));
  const steps = [left, new Set(cpus.flatMap((cpu) => (free.has(cpu.id) && isNear(cpu) ? [cpu.id] : []))), free];
  const taken: number[] = [];
  for (const step of steps) {
    const open = new Set([...step].filter((id) => !taken.includes(id)));
    taken.push(...(chooseCpus(cpus, open, Math.min(count - taken.length, open.size), options) ?? []));
  }
  return taken.length === count ? taken.sort((a, b) => a - b) : undefined;
}
