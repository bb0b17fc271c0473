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
  /** A node that is not in it was refused for `others`, or not looked at. */
  readonly byNode: NodeRefusals;
  /** The refusal of all nodes that were left out before filters ran. */
  readonly others: Refusal | undefined;
  /** A plugin refused the pod before any node was looked at; `others` is its refusal. */
  readonly outright: boolean;
}

/** Takes refusals as they come, many for each cycle: they are counted at once, and sorted by names only when one is asked for. */
export class NodeRefusals {
  readonly #nodes: { readonly name: string }[] = [];
  readonly #refusals: Refusal[] = [];
  readonly #tally = new Map<Refusal, number>();
  /** Plugins share refusals, so that most are the same as the one before: how often it came since it was counted. */
  #run = 0;
  #byName: Map<string, Refusal> | undefined;

  add(node: { readonly name: string }, refusal: Refusal): void {
    if (refusal !== this.#refusals.at(-1)) this.#count();
    this.#run++;
    this.#nodes.push(node);
    this.#refusals.push(refusal);
  }

  get size(): number {
    return this.#nodes.length;
  }

  get(name: string): Refusal | undefined {
    if (!this.#byName) {
      const byName = new Map<string, Refusal>();
      this.forEach((node, refusal) => byName.set(node.name, refusal));
      this.#byName = byName;
    }
    return this.#byName.get(name);
  }

  forEach(told: (node: { readonly name: string }, refusal: Refusal) => void): void {
    for (let i = 0; i < this.#nodes.length; i++) told(this.#nodes[i] as { name: string }, this.#refusals[i] as Refusal);
  }

  /** How often there is each. */
  tally(): ReadonlyMap<Refusal, number> {
    this.#count();
    return this.#tally;
  }

  #count(): void {
    const refusal = this.#refusals.at(-1);
    if (refusal && this.#run) this.#tally.set(refusal, (this.#tally.get(refusal) ?? 0) + this.#run);
    this.#run = 0;
  }
}

/** The nodes, of all there are, that were refused for something that preemption might change. */
export function helpedByPreemption(
  { byNode, others }: Refusals,
  nodes: readonly { readonly name: string }[],
): string[] {
  if (others && !others.lasting)
    return nodes.map(({ name }) => name).filter((name) => !(byNode.size && byNode.get(name)?.lasting));
  const names: string[] = [];
  byNode.forEach(({ name }, { lasting }) => {
    if (!lasting) names.push(name);
  });
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
  for (const [refusal, times] of byNode.tally()) count(refusal, times);
  if (others && nodes > byNode.size) count(others, nodes - byNode.size);
  const reasons = [...counts].map(([reason, times]) => `${times} ${reason}`).sort(byBytes);
  return reasons.length ? `${head} ${reasons.join(", ")}.` : head;
}

/** The plugins that had a part in the refusal: a change that they wait for may help. */
export function refusingPlugins({ byNode, others }: Refusals): Set<string> {
  const plugins = new Set<string>();
  for (const { plugin } of byNode.tally().keys()) if (plugin) plugins.add(plugin);
  if (others?.plugin) plugins.add(others.plugin);
  return plugins;
}

const byBytes = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
