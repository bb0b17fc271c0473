/**
 * What the containers of a pod hold after a resize, by what they held before. Pure. Holds: who grows keeps the CPUs and NUMA nodes that it has
 * and takes more, near to them where the topology policy wants it; who shrinks gives back what it took since, but never the CPUs that it was
 * promised: those of its beginning.
 */
import type { Container, Pod, PodSpec } from "@kubets/api/generated/types/core-v1";
import { workingContainers } from "@kubets/api/pod/containers";
import { computeQosClass } from "@kubets/api/pod/qos";
import { parseQuantity } from "@kubets/machinery/quantity";
import { brokenCores, NO_CPUS, NO_MEMORY, NOT_LOCAL, openCpus } from "./allot.ts";
import { type Allotment, POD_POOL, type PodAllotments } from "./allotment.ts";
import type { Cpu } from "./cpus.ts";
import { chooseCpus } from "./distribute.ts";
import { cpuHints, isIn, verdictOn } from "./locality.ts";
import { memoryHints } from "./memory.ts";
import { bitsOf, covers, type Hint, maskOf } from "./numa.ts";
import { freeCpus, memoryLeft, type NodePolicies, type NodeSupply } from "./supply.ts";
import { type ContainerWish, sumOf, type Wish, wishesOf } from "./wish.ts";

/** What stands in the way of any resize of this pod on such a node, as long as the gates for it are closed. */
export function fixedBy(wanted: Pod, has: Pod, { cpus, memory, resizes }: NodePolicies): string | undefined {
  if (computeQosClass(wanted.spec) !== "Guaranteed") return undefined;
  const fixed = (manager: string, policy: string) =>
    `Resize is infeasible for Guaranteed Pods alongside ${manager} policy "${policy}"`;
  if (cpus === "static" && !resizes.has("cpu") && differ(wanted, has, "cpu")) return fixed("CPU Manager", cpus);
  if (memory === "Static" && !resizes.has("memory") && differ(wanted, has, "memory"))
    return fixed("Memory Manager", memory);
  return undefined;
}

const requestOf = ({ resources }: Pick<PodSpec, "resources">, name: string) =>
  parseQuantity(resources?.requests?.[name] ?? "0");

const differ = (wanted: Pod, has: Pod, name: string): boolean =>
  workingContainers(wanted.spec).some((container) => {
    const before = containerOf(has, container.name);
    return before !== undefined && !requestOf(container, name).equals(requestOf(before, name));
  });

const containerOf = ({ spec }: Pod, name: string) => workingContainers(spec).find((each) => each.name === name);

/** `others`: what other pods have. Gives what stands in the way as a text. */
export function replan(
  wanted: Pod,
  has: Pod,
  held: PodAllotments,
  policies: NodePolicies,
  supply: NodeSupply,
  others: readonly Allotment[],
): PodAllotments | string {
  const order = wishesOf(wanted, policies, supply).filter(({ passesOn }) => !passesOn);
  if (held[POD_POOL]) {
    const differs = !samePool(wanted, has) || ["cpu", "memory"].some((name) => differ(wanted, has, name));
    return differs ? "Resize is infeasible for Pods that have CPUs or memory as a whole" : held;
  }
  for (const { container, wish } of order) {
    const wrong = forbidden(container, containerOf(has, container.name), wish, held[container.name]);
    if (wrong) return wrong;
  }
  const changing = order
    .filter(({ container, wish }) => changes(held[container.name], wish))
    // What one of them gives back another may take.
    .sort((a, b) => growth(held, a) - growth(held, b));
  if (changing.length === 0) return held;
  const made = { ...held };
  const ofNode = policies.scope === "pod" ? nodesFor(sumOf(order), order, made, policies, supply, others) : undefined;
  if (ofNode && !ofNode.admitted) return NOT_LOCAL.message;
  for (const each of changing) {
    const { name } = each.container;
    const own = made[name] ?? {};
    const besides = [
      ...others,
      ...Object.keys(made).flatMap((other) => (other === name ? [] : (lasting(made[other]) ?? []))),
    ];
    const broken = brokenCores(each.wish.cpus, policies, supply, besides);
    if (broken) return broken.message;
    const local = ofNode ?? nodesFor(each.wish, [each], made, policies, supply, besides);
    if (!local.admitted) return NOT_LOCAL.message;
    const cpus = own.cpus && resizedCpus(own, each.wish.cpus, local.nodes, policies, supply, besides);
    if (own.cpus && !cpus) return NO_CPUS;
    const memory = own.memory && resizedMemory(own.memory, each.wish.memory, supply, besides);
    if (own.memory && !memory) return NO_MEMORY;
    const promised = own.cpus && cpus !== own.cpus ? { promised: own.promised ?? own.cpus } : {};
    made[name] = { ...own, ...(cpus && { cpus }), ...promised, ...(memory && { memory }) };
  }
  return made;
}

const changes = (own: Allotment | undefined, wish: Wish): boolean =>
  own !== undefined &&
  ((own.cpus?.length ?? 0) !== wish.cpus || (own.memory !== undefined && own.memory.bytes !== wish.memory));
const growth = (held: PodAllotments, { container, wish }: ContainerWish): number =>
  wish.cpus - (held[container.name]?.cpus?.length ?? 0);

const samePool = ({ spec: a }: Pod, { spec: b }: Pod): boolean =>
  ["cpu", "memory"].every((name) => requestOf(a, name).equals(requestOf(b, name)));

/** What others may not have meanwhile: what ended init containers had can be had again. */
const lasting = (allotment: Allotment | undefined): Allotment[] | undefined =>
  allotment && !allotment.passedOn ? [allotment] : undefined;

function forbidden(
  container: Container,
  before: Container | undefined,
  { cpus }: Wish,
  { cpus: own = [], promised = own }: Allotment = {},
): string | undefined {
  const told = `(requested CPUs = ${requestOf(container, "cpu")}, allocated CPUs = ${before ? requestOf(before, "cpu") : 0}`;
  if (cpus > 0 && own.length === 0)
    return `inconsistentCPUAllocation Error: Not allowed to move a container from shared pool to exclusively allocated pool, ${told})`;
  if (cpus === 0 && own.length > 0)
    return `inconsistentCPUAllocation Error: Not allowed to move a container from  exclusively allocated pool to shared pool, not allowed ${told})`;
  if (cpus < promised.length)
    return `prohibitedCPUAllocation Error: Skip resize, Not allowed to reduce container exclusively allocated pool below promised, ${told}, promised CPUs = ${promised.length}, guaranteed CPUs = ${cpus})`;
  return undefined;
}

/** Only sets of NUMA nodes that hold all of what the containers have already come into question. */
function nodesFor(
  { cpus, memory }: Pick<Wish, "cpus" | "memory">,
  of: readonly ContainerWish[],
  made: PodAllotments,
  policies: NodePolicies,
  supply: NodeSupply,
  besides: readonly Allotment[],
) {
  const own = of.flatMap(({ container }) => made[container.name] ?? []);
  const around = (hints: readonly Hint[], mask: number) => hints.filter(({ nodes = 0 }) => covers(nodes, mask));
  const free = freeCpus(supply.cpus, supply.reservedCpus, besides);
  const lists = [
    ...(cpus > 0 ? [around(cpuHints(cpus, policies, supply, free), nodesOf(supply.cpus, own))] : []),
    ...(memory > 0 ? [around(memoryHints(memoryLeft(supply, besides), memory), memoryNodesOf(own))] : []),
  ];
  return verdictOn(lists, policies, supply);
}

const nodesOf = (cpus: readonly Cpu[], own: readonly Allotment[]): number => {
  const ids = new Set(own.flatMap((each) => each.cpus ?? []));
  return maskOf(cpus.flatMap(({ id, node }) => (ids.has(id) ? [node] : [])));
};
const memoryNodesOf = (own: readonly Allotment[]): number => maskOf(own.flatMap(({ memory }) => memory?.nodes ?? []));

/** Undefined when there are not enough. */
function resizedCpus(
  own: Allotment,
  count: number,
  nodes: number | undefined,
  policies: NodePolicies,
  supply: NodeSupply,
  besides: readonly Allotment[],
): readonly number[] | undefined {
  const { cpus } = supply;
  const { cpus: now = [], promised = now } = own;
  if (count === now.length) return now;
  const grows = count > now.length;
  const kept = grows ? now : promised;
  const open = grows ? openCpus(policies, supply, [...besides, own]) : new Set(now).difference(new Set(promised));
  const near = nodes ?? nodesOf(cpus, [own]);
  const nearest = new Set(cpus.flatMap((cpu) => (open.has(cpu.id) && isIn(near, cpu) ? [cpu.id] : [])));
  const taken = [...kept];
  for (const step of [nearest, open]) {
    const left = step.difference(new Set(taken));
    taken.push(...(chooseCpus(cpus, left, Math.min(count - taken.length, left.size), policies.cpuOptions) ?? []));
  }
  return taken.length === count ? taken.sort((a, b) => a - b) : undefined;
}

/** From the nodes that it has, and as few others as will do. */
function resizedMemory(
  own: NonNullable<Allotment["memory"]>,
  bytes: number,
  supply: NodeSupply,
  besides: readonly Allotment[],
): Allotment["memory"] {
  if (bytes === own.bytes) return own;
  const hints = memoryHints(memoryLeft(supply, besides), bytes);
  const found = hints.flatMap(({ nodes = 0 }) => (covers(nodes, maskOf(own.nodes)) ? [bitsOf(nodes)] : []));
  const nodes = found.sort((a, b) => a.length - b.length)[0];
  return nodes && { nodes, bytes };
}
