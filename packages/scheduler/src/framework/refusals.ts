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
  readonly byNode: ReadonlyMap<string, Refusal>;
  /** The refusal of all nodes that were left out before filters ran. */
  readonly others: Refusal | undefined;
  /** A plugin refused the pod before any node was looked at; `others` is its refusal. */
  readonly outright: boolean;
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
  for (const refusal of byNode.values()) count(refusal, 1);
  if (others && nodes > byNode.size) count(others, nodes - byNode.size);
  const reasons = [...counts].map(([reason, times]) => `${times} ${reason}`).sort(byBytes);
  return reasons.length ? `${head} ${reasons.join(", ")}.` : head;
}

/** The plugins that had a part in the refusal: a change that they wait for may help. */
export function refusingPlugins({ byNode, others }: Refusals): Set<string> {
  const plugins = new Set<string>();
  for (const { plugin } of byNode.values()) if (plugin) plugins.add(plugin);
  if (others?.plugin) plugins.add(others.plugin);
  return plugins;
}

const byBytes = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
