/**
 * CPUs shared out over NUMA nodes (`distribute-cpus-across-numa`): of the fewest nodes that can give the same each, those that leave the machine
 * the most even. What does not divide goes in whole groups to some of them. Pure.
 */
import { type Cpu, type CpuOption, inOrder, nodeOf, placesOf, takeCpus, threadsPerCore } from "./cpus.ts";

/** How many CPUs each node gives, and how uneven what they have left is. */
interface Split {
  readonly shares: ReadonlyMap<number, number>;
  readonly unevenness: number;
}

type CountByNode = ReadonlyMap<number, number>;

/** Undefined when there are not enough. */
export function chooseCpus(
  cpus: readonly Cpu[],
  free: ReadonlySet<number>,
  count: number,
  options: ReadonlySet<CpuOption>,
): number[] | undefined {
  const group = options.has("full-pcpus-only") ? threadsPerCore(cpus) : 1;
  if (!options.has("distribute-cpus-across-numa") || count > free.size || count % group !== 0)
    return takeCpus(cpus, free, count, options);
  const open = inOrder(
    cpus.filter(({ id }) => free.has(id)),
    placesOf(cpus),
  );
  const byNode = Map.groupBy(open, nodeOf);
  const split = bestSplit(new Map([...byNode].map(([node, { length }]) => [node, length])), count, group);
  if (!split) return takeCpus(cpus, free, count, options);
  return [...split.shares]
    .flatMap(([node, share]) => takeCpus(cpus, new Set(byNode.get(node)?.map(({ id }) => id)), share, options) ?? [])
    .sort((a, b) => a - b);
}

function bestSplit(free: CountByNode, count: number, group: number): Split | undefined {
  const nodes = [...free.keys()];
  for (let size = 1; size <= Math.min(nodes.length, count / group); size++) {
    const splits = combinations(nodes, size).flatMap((some) => splitsOver(some, free, count, group));
    const least = Math.min(...splits.map(({ unevenness }) => unevenness));
    const best = splits.find(({ unevenness }) => unevenness === least);
    if (best) return best;
  }
  return undefined;
}

/** The same from each of the nodes, and the rest from as many of them as can be. */
function splitsOver(nodes: readonly number[], free: CountByNode, count: number, group: number): Split[] {
  const even = Math.floor(count / nodes.length / group) * group;
  if (nodes.some((node) => (free.get(node) ?? 0) < even)) return [];
  const rest = count - even * nodes.length;
  const groupsLeft = (node: number) => Math.floor(((free.get(node) ?? 0) - even) / group);
  const giving = nodes.filter((node) => groupsLeft(node) > 0);
  const subsets = rest === 0 ? [[]] : giving.flatMap((_, fewer) => combinations(giving, giving.length - fewer));
  return subsets
    .filter((some) => some.reduce((sum, node) => sum + groupsLeft(node), 0) * group >= rest)
    .map((some) => {
      const shares = new Map(nodes.map((node) => [node, even]));
      for (let left = rest, turn = 0; left > 0; turn++)
        for (const node of some)
          if (left > 0 && groupsLeft(node) > turn) {
            shares.set(node, (shares.get(node) ?? 0) + group);
            left -= group;
          }
      return { shares, unevenness: deviation([...free].map(([node, have]) => have - (shares.get(node) ?? 0))) };
    });
}

/** The standard deviation, so far rounded that what is equal compares as equal. */
function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return Math.round(Math.sqrt(variance) * 1000) / 1000;
}

/** Every choice of so many, in the order of the list. */
function combinations(list: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return list.flatMap((first, i) => combinations(list.slice(i + 1), size - 1).map((others) => [first, ...others]));
}
