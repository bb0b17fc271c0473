/**
 * Where resources lie best together: each resource says from which NUMA nodes it could come, and a policy finds what suits all. Pure.
 * A set of nodes is a bit mask.
 */
export interface Hint {
  /** Undefined: from anywhere. */
  readonly nodes: number | undefined;
  /** From no more nodes than it takes. */
  readonly preferred: boolean;
}

export type TopologyPolicy = "none" | "best-effort" | "restricted" | "single-numa-node";

export interface TopologyVerdict {
  readonly admitted: boolean;
  /** Undefined: from anywhere. */
  readonly nodes: number | undefined;
}

export const bitsOf = (mask: number): number[] =>
  Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => (mask & (1 << bit)) !== 0);
export const maskOf = (nodes: Iterable<number>): number => [...nodes].reduce((mask, node) => mask | (1 << node), 0);
const countOf = (mask: number): number => bitsOf(mask).length;
export const covers = (mask: number, nodes: number): boolean => (mask & nodes) === nodes;

/** Every set of some of the nodes. */
export function masksOf(nodes: readonly number[]): number[] {
  const masks: number[] = [];
  for (let n = 1; n < 2 ** nodes.length; n++) masks.push(maskOf(nodes.filter((_, i) => (n & (1 << i)) !== 0)));
  return masks;
}

/** The sets that have enough; those of the fewest nodes are preferred. `least`: how few would do if nothing were taken. */
export function hintsOf(
  masks: readonly number[],
  least: (mask: number) => boolean,
  now: (mask: number) => boolean,
): Hint[] {
  const could = masks.filter(least).map(countOf);
  const fewest = could.length > 0 ? Math.min(...could) : 0;
  return masks.filter(now).map((nodes) => ({ nodes, preferred: countOf(nodes) === fewest }));
}

/**
 * `lists`: of each resource its hints; one without any wish is left out. Of sets of as many nodes the one with the least `distance` is taken, where
 * that is given.
 */
export function mergeHints(
  policy: TopologyPolicy,
  lists: readonly (readonly Hint[])[],
  nodes: readonly number[],
  distance: (mask: number) => number = () => 0,
): TopologyVerdict {
  if (policy === "none" || lists.length === 0) return { admitted: true, nodes: undefined };
  const all = maskOf(nodes);
  const usable = lists.map((hints) => {
    const fit = policy === "single-numa-node" ? hints.filter(isSingle) : hints;
    return fit.length > 0 ? fit : [{ nodes: undefined, preferred: false }];
  });
  // Where not all can have what they prefer, as many nodes as that needs which needs the most, but no more.
  const aim = Math.max(0, ...lists.map(fewestOf));
  const size = ({ nodes: mask, preferred }: { readonly nodes: number; readonly preferred: boolean }) =>
    preferred || countOf(mask) > aim ? countOf(mask) : aim - countOf(mask);
  const best = combinations(usable)
    .map((hints) => {
      const masks = hints.flatMap((hint) => hint.nodes ?? []);
      return {
        nodes: masks.reduce((common, mask) => common & mask, all),
        preferred: hints.every(({ preferred }) => preferred) && new Set(masks).size <= 1,
      };
    })
    .filter((merged) => merged.nodes !== 0)
    .sort(
      (a, b) =>
        Number(b.preferred) - Number(a.preferred) ||
        size(a) - size(b) ||
        distance(a.nodes) - distance(b.nodes) ||
        a.nodes - b.nodes,
    )[0];
  const found = best ?? { nodes: all, preferred: false };
  return {
    admitted: policy === "best-effort" || found.preferred,
    nodes: found.nodes === all ? undefined : found.nodes,
  };
}

/** How far the nodes of a set lie from each other on average, themselves among them. */
export const meanDistance =
  (nodes: readonly { readonly id: number; readonly distances?: readonly number[] }[]) =>
  (mask: number): number => {
    const places = nodes.flatMap(({ id }, place) => (covers(mask, 1 << id) ? [place] : []));
    const all = places.flatMap((from) => places.map((to) => nodes[from]?.distances?.[to] ?? 0));
    return all.reduce((sum, each) => sum + each, 0) / all.length;
  };

const isSingle = ({ nodes, preferred }: Hint): boolean => preferred && (nodes === undefined || countOf(nodes) === 1);

const fewestOf = (hints: readonly Hint[]): number => {
  const counts = hints.flatMap(({ nodes }) => (nodes === undefined ? [] : [countOf(nodes)]));
  return counts.length > 0 ? Math.min(...counts) : 0;
};

const combinations = (lists: readonly (readonly Hint[])[]): Hint[][] =>
  lists.reduce<Hint[][]>((sofar, list) => sofar.flatMap((head) => list.map((hint) => [...head, hint])), [[]]);
