/** From which NUMA nodes a container has its memory, when it has it for itself. Pure. */
import { bitsOf, type Hint, hintsOf, masksOf } from "./numa.ts";

interface NodeMemory {
  readonly id: number;
  readonly allocatable: number;
  readonly free: number;
}

const sum = (nodes: readonly NodeMemory[], mask: number, of: "allocatable" | "free"): number =>
  nodes.reduce((all, node) => ((mask & (1 << node.id)) !== 0 ? all + node[of] : all), 0);

export const memoryHints = (nodes: readonly NodeMemory[], bytes: number): Hint[] =>
  hintsOf(
    masksOf(nodes.map(({ id }) => id)),
    (mask) => sum(nodes, mask, "allocatable") >= bytes,
    (mask) => sum(nodes, mask, "free") >= bytes,
  );

/** The nodes of the mask, or without one the fewest that have enough; undefined when none do. */
export function takeMemory(
  nodes: readonly NodeMemory[],
  bytes: number,
  mask: number | undefined,
): number[] | undefined {
  if (mask !== undefined && sum(nodes, mask, "free") >= bytes) return bitsOf(mask);
  const hints = memoryHints(nodes, bytes);
  const best = hints.find(({ preferred }) => preferred) ?? hints[0];
  return best?.nodes === undefined ? undefined : bitsOf(best.nodes);
}

/** What containers have is taken from their nodes in order. */
export function freeMemory(
  nodes: readonly { readonly id: number; readonly allocatable: number }[],
  taken: readonly { readonly nodes: readonly number[]; readonly bytes: number }[],
): NodeMemory[] {
  const left = new Map(nodes.map(({ id, allocatable }) => [id, allocatable]));
  for (const each of taken) {
    let bytes = each.bytes;
    for (const id of each.nodes) {
      const some = Math.min(bytes, left.get(id) ?? 0);
      left.set(id, (left.get(id) ?? 0) - some);
      bytes -= some;
    }
  }
  return nodes.map(({ id, allocatable }) => ({ id, allocatable, free: left.get(id) ?? 0 }));
}
