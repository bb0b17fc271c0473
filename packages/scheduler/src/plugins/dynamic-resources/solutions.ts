/**
 * What the allocator found on each node, kept for pods alike whose claims ask for the same. An answer holds until the node changes, or a
 * device that it reaches is given to somebody, taken back, or told of anew.
 */
import type { Node } from "@kubets/api/generated/types/core-v1";
import type { Answers } from "../../framework/answers.ts";
import type { NodeInfo } from "../../framework/snapshot.ts";
import type { Allocator, Solution } from "./allocator.ts";
import type { Pools } from "./pools.ts";
import type { WantedClaim } from "./requests.ts";

interface Known {
  readonly node: Node;
  readonly stamp: number;
  readonly solution: Solution;
}

export class Solutions {
  readonly #pools: Pools;
  /** By the kind of pod, what is asked for, and the slot of the node. */
  readonly #known = new WeakMap<Answers, Map<string, Map<number, Known>>>();

  constructor(pools: Pools) {
    this.#pools = pools;
  }

  /** How to ask for what is wanted, node by node; nothing is kept without `answers`, where a pod is the first of its kind. */
  finder(allocator: Allocator, wanted: readonly WantedClaim[], answers: Answers | undefined) {
    const bySlot = answers && this.#of(answers, JSON.stringify(wanted.map(({ signature }) => signature)));
    return ({ node, slot }: NodeInfo): Solution => {
      const stamp = this.#pools.stampOf(node.metadata.name);
      const known = bySlot?.get(slot);
      if (known?.node === node && known.stamp === stamp) return known.solution;
      const solution = allocator.allocate(node);
      bySlot?.set(slot, { node, stamp, solution });
      return solution;
    };
  }

  #of(answers: Answers, wanted: string): Map<number, Known> {
    const byWanted = this.#known.get(answers) ?? new Map<string, Map<number, Known>>();
    this.#known.set(answers, byWanted);
    const bySlot = byWanted.get(wanted) ?? new Map<number, Known>();
    byWanted.set(wanted, bySlot);
    return bySlot;
  }
}
