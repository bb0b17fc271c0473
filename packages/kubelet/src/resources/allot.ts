/** Gives what is wished for, or says what stands in the way. Pure. */
import type { Rejection } from "../admission/admit.ts";
import type { Allotment, PodAllotments } from "./allotment.ts";
import type { Counted } from "./allotment-counts.ts";
import { ofWholeCores, threadsPerCore } from "./cpus.ts";
import { chooseDevices, shortage } from "./devices/choose.ts";
import { chooseCpus } from "./distribute.ts";
import { isIn, socketsIn } from "./locality.ts";
import { takeMemory } from "./memory.ts";
import { freeCpus, memoryLeft, type NodePolicies, type NodeSupply } from "./supply.ts";
import { deviceWishes, type Wish } from "./wish.ts";

export type PodPlan =
  | { readonly allotments: PodAllotments }
  /** `lacks`: of which resource there was not enough, or not as it was to be. */
  | { readonly rejection: Rejection; readonly lacks?: Counted };

export const NOT_LOCAL: Rejection = {
  reason: "TopologyAffinityError",
  message: "Resources cannot be allocated with Topology locality",
};
export const unexpected = (why: string): Rejection => ({
  reason: "UnexpectedAdmissionError",
  message: `Allocate failed due to ${why}, which is unexpected`,
});
export const NO_CPUS = "not enough cpus available to satisfy request";
export const NO_MEMORY =
  "[memorymanager] failed to get the default NUMA affinity, no NUMA nodes with enough memory is available";

/** Of what there is not enough, where that is no device. */
export const lackOf = (why: string): { lacks?: Counted } =>
  why === NO_CPUS ? { lacks: "cpu" } : why === NO_MEMORY ? { lacks: "memory" } : {};

/** Cores are given whole where that is asked for (`full-pcpus-only`). `besides`: what is taken, but not by who wants so many. */
export function brokenCores(
  count: number,
  policies: NodePolicies,
  supply: NodeSupply,
  besides: readonly Allotment[],
): Rejection | undefined {
  const threads = threadsPerCore(supply.cpus);
  const { size } = openCpus(policies, supply, besides);
  if (!policies.cpuOptions.has("full-pcpus-only") || (count % threads === 0 && count <= size)) return undefined;
  const why =
    count % threads === 0
      ? `not enough free physical CPUs: available physical CPUs = ${size}, requested CPUs = ${count}, CPUs per core = ${threads}`
      : `requested ${count} cpus not multiple cpus per core = ${threads}`;
  return { reason: "SMTAlignmentError", message: `SMT Alignment Error: ${why}` };
}

/** What can be given to one container alone, as the options of the policy want it. */
export function openCpus(
  { cpuOptions }: NodePolicies,
  { cpus, reservedCpus }: NodeSupply,
  used: readonly Allotment[],
): Set<number> {
  const free = freeCpus(cpus, reservedCpus, used);
  return cpuOptions.has("full-pcpus-only") ? ofWholeCores(cpus, free) : free;
}

/** Gives what stands in the way as a text. */
export function allot(
  wish: Wish,
  nodes: number | undefined,
  policies: NodePolicies,
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
  const cpus = wish.cpus > 0 ? takeOwnCpus(wish.cpus, nodes, policies, supply, used, reusable) : undefined;
  if (wish.cpus > 0 && !cpus) return NO_CPUS;
  const fromNodes = wish.memory > 0 ? takeMemory(memoryLeft(supply, used), wish.memory, nodes) : undefined;
  if (wish.memory > 0 && !fromNodes) return NO_MEMORY;
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
  policies: NodePolicies,
  supply: NodeSupply,
  used: readonly Allotment[],
  reusable: readonly Allotment[],
): number[] | undefined {
  const { cpuOptions: options } = policies;
  const { cpus } = supply;
  const free = openCpus(policies, supply, used);
  const left = new Set(reusable.flatMap((each) => each.cpus ?? []).filter((id) => free.has(id)));
  const sockets = socketsIn(cpus, nodes ?? 0);
  const isNear = (cpu: (typeof cpus)[number]) =>
    options.has("align-by-socket") ? sockets.has(cpu.socket) : isIn(nodes ?? 0, cpu);
  const steps = [left, new Set(cpus.flatMap((cpu) => (free.has(cpu.id) && isNear(cpu) ? [cpu.id] : []))), free];
  const taken: number[] = [];
  for (const step of steps) {
    const open = new Set([...step].filter((id) => !taken.includes(id)));
    taken.push(...(chooseCpus(cpus, open, Math.min(count - taken.length, open.size), options) ?? []));
  }
  return taken.length === count ? taken.sort((a, b) => a - b) : undefined;
}
