/** From which NUMA nodes a wish is best met, as the topology policy wants it. Pure. */
import type { Allotment } from "./allotment.ts";
import type { Cpu } from "./cpus.ts";
import { deviceHints } from "./devices/choose.ts";
import { memoryHints } from "./memory.ts";
import { type Hint, hintsOf, masksOf, meanDistance, mergeHints, type TopologyVerdict } from "./numa.ts";
import { freeCpus, memoryLeft, type NodePolicies, type NodeSupply } from "./supply.ts";
import { deviceWishes, type Wish } from "./wish.ts";

export function localityOf(
  wish: Wish,
  policies: NodePolicies,
  supply: NodeSupply,
  used: readonly Allotment[],
  reusable: readonly Allotment[],
): TopologyVerdict {
  const nodes = supply.nodes.map(({ id }) => id);
  const lists: (readonly Hint[])[] = [];
  if (policies.topology === "none") return ANYWHERE;
  if (wish.cpus > 0)
    lists.push(cpuHints(wish.cpus, policies, supply, freeCpus(supply.cpus, supply.reservedCpus, used)));
  if (wish.memory > 0) lists.push(memoryHints(memoryLeft(supply, used), wish.memory));
  for (const each of deviceWishes(wish, supply, used, reusable)) {
    const hints = deviceHints(each, nodes);
    if (hints) lists.push(hints);
  }
  return verdictOn(lists, policies, supply);
}

const ANYWHERE: TopologyVerdict = { admitted: true, nodes: undefined };

export const verdictOn = (
  lists: readonly (readonly Hint[])[],
  { topology, closestNodes }: NodePolicies,
  { nodes }: NodeSupply,
): TopologyVerdict => {
  const ids = nodes.map(({ id }) => id);
  return mergeHints(topology, lists, ids, closestNodes ? meanDistance(nodes) : undefined);
};

export function cpuHints(
  count: number,
  { cpuOptions }: NodePolicies,
  { cpus, nodes, reservedCpus }: NodeSupply,
  free: ReadonlySet<number>,
): Hint[] {
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

export const isIn = (mask: number, { node }: Cpu): boolean => (mask & (1 << node)) !== 0;
export const socketsIn = (cpus: readonly Cpu[], mask: number): Set<number> =>
  new Set(cpus.flatMap((cpu) => (isIn(mask, cpu) ? [cpu.socket] : [])));
