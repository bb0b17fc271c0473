/** Why a pod may not run, node by node: what a cycle finds out where no node fits, and what preemption begins with. */
export interface Refusal {
  readonly reasons: readonly string[];
  /** No preemption on that node could change it. */
  readonly lasting?: boolean;
  /** Set by the framework where the plugin did not. */
  readonly plugin?: string;
}

export interface Refusals {
  readonly nodes: number;
  /** By node name; a node that is not in it was refused for `others`, or not looked at. */
  readonly byNode: RefusalsByNode;
  /** The refusal of all nodes that were left out before filters ran. */
  readonly others: Refusal | undefined;
  /** A plugin refused the pod before any node was looked at; `others` is its refusal. */
  readonly outright: boolean;
}

/** A map by node name serves. */
export type RefusalsByNode = Pick<ReadonlyMap<string, Refusal>, "get" | "size" | "values" | typeof Symbol.iterator>;

/** Takes refusals as they come, many for each cycle; they are sorted by names only when one is asked for. */
export class NodeRefusals implements RefusalsByNode {
  readonly #nodes: { readonly name: string }[] = [];
  readonly #refusals: Refusal[] = [];
  #byName: Map<string, Refusal> | undefined;

  add(node: { readonly name: string }, refusal: Refusal): void {
    this.#nodes.push(node);
    this.#refusals.push(refusal);
  }

  get size(): number {
    return this.#nodes.length;
  }

  get(name: string): Refusal | undefined {
    this.#byName ??= new Map(this);
    return this.#byName.get(name);
  }

  values(): MapIterator<Refusal> {
    return this.#refusals.values();
  }

  *[Symbol.iterator](): MapIterator<[string, Refusal]> {
    for (let i = 0; i < this.#nodes.length; i++)
      yield [(this.#nodes[i] as { name: string }).name, this.#refusals[i] as Refusal];
  }
}

/** How often there is each; plugins share refusals, so there are few. */
function tally(refusals: Iterable<Refusal>): Map<Refusal, number> {
  const counts = new Map<Refusal, number>();
  let last: Refusal | undefined;
  let times = 0;
  const put = () => last && counts.set(last, (counts.get(last) ?? 0) + times);
  for (const refusal of refusals) {
    if (refusal !== last) {
      put();
      [last, times] = [refusal, 0];
    }
    times++;
  }
  put();
  return counts;
}

/** The nodes, of all there are, that were refused for something that preemption might change. */
export function helpedByPreemption(
  { byNode, others }: Refusals,
  nodes: readonly { readonly name: string }[],
): string[] {
  if (others && !others.lasting)
    return nodes.map(({ name }) => name).filter((name) => !(byNode.size && byNode.get(name)?.lasting));
  const names: string[] = [];
  for (const [name, { lasting }] of byNode) if (!lasting) names.push(name);
  return names;
}

export const refusalOf = (refusals: Refusals, node: string): Refusal | undefined =>
  refusals.byNode.get(node) ?? refusals.others;

/** "0/3 nodes are available: 1 Insufficient cpu, 2 Too many pods." */
export function refusalMessage({ nodes, byNode, others, outright }: Refusals): string {
  const head = `0/${nodes} nodes are available:`;
  if (outright) return `${head} ${others?.reasons.join(", ")}.`;
  const counts = new Map<string, number>();
  const count = (refusal: Refusal, times: number) => {
    for (const reason of refusal.reasons) counts.set(reason, (counts.get(reason) ?? 0) + times);
  };
  for (const [refusal, times] of tally(byNode.values())) count(refusal, times);
  if (others && nodes > byNode.size) count(others, nodes - byNode.size);
  const reasons = [...counts].map(([reason, times]) => `${times} ${reason}`).sort(byBytes);
  return reasons.length ? `${head} ${reasons.join(", ")}.` : head;
}

/** The plugins that had a part in the refusal: a change that they wait for may help. */
export function refusingPlugins({ byNode, others }: Refusals): Set<string> {
  const plugins = new Set<string>();
  for (const { plugin } of tally(byNode.values()).keys()) if (plugin) plugins.add(plugin);
  if (others?.plugin) plugins.add(others.plugin);
  return plugins;
}

const byBytes = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
