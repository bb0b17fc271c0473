/**
 * Which nodes a pod may run on: preFilter once, then the filters at each node until enough fit. Plugins whose preFilter says "skip" are
 * left out for this pod. Pods nominated for a node count there as if they ran, and the pod must fit without them as well.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { type CycleState, stateKey } from "./cycle-state.ts";
import type { MutableNodeInfo } from "./node-info.ts";
import type { Nominator } from "./nominator.ts";
import type { PodInfo } from "./pod-info.ts";
import type { Profile, With } from "./profile.ts";
import type { Refusal } from "./refusals.ts";
import type { NodeInfo, Snapshot } from "./snapshot.ts";

interface Active {
  readonly filters: readonly With<"filter">[];
  /** How many of them, from the first on, depend on the node and some of the pod alone. */
  readonly local: number;
  readonly trials: readonly (With<"filter"> | With<"preFilter">)[];
}

const ACTIVE = stateKey<Active>("filtering");

export interface Prepared {
  /** The pod may run nowhere. */
  readonly refusal?: Refusal;
  /** The only nodes to look at; the refusal of all others beside it. */
  readonly nodes?: ReadonlySet<string>;
  readonly others?: Refusal;
}

/** Runs preFilter, and settles which filters this pod needs. */
export function prepareFilters(profile: Profile, { pod }: PodInfo, snapshot: Snapshot, state: CycleState): Prepared {
  const skipped = new Set<string>();
  const narrowing: string[] = [];
  let nodes: ReadonlySet<string> | undefined;
  for (const plugin of profile.points.preFilter) {
    const result = plugin.preFilter(pod, snapshot, state);
    if (!result) continue;
    if ("skip" in result) skipped.add(plugin.name);
    else if ("refusal" in result) return { refusal: signed(result.refusal, plugin.name) };
    else {
      narrowing.push(plugin.name);
      nodes = nodes ? nodes.intersection(result.nodes) : result.nodes;
      if (nodes.size === 0) return { refusal: leftOut(narrowing, narrowing.length > 1) };
    }
  }
  const filters = skipped.size ? profile.points.filter.filter(({ name }) => !skipped.has(name)) : profile.points.filter;
  const trials = profile.plugins.filter((p) => (p.addPod || p.removePod) && !skipped.has(p.name)) as Active["trials"];
  const local = leadingLocal(profile).filter(({ name }) => !skipped.has(name)).length;
  state.set(ACTIVE, { filters, trials, local });
  return nodes ? { nodes, others: leftOut(narrowing, false) } : {};
}

/** The profile's filters up to the first that may look at anything, whether this pod needs that one or not. */
function leadingLocal({ points }: Profile): Active["filters"] {
  const global = points.filter.findIndex(({ dependsOn }) => !dependsOn);
  return global < 0 ? points.filter : points.filter.slice(0, global);
}

function leftOut(plugins: readonly string[], simultaneously: boolean): Refusal {
  const reason = `node(s) didn't satisfy plugin(s) [${[...plugins].sort().join(" ")}]`;
  return {
    reasons: [simultaneously ? `${reason} simultaneously` : reason],
    lasting: true,
    ...(plugins[0] ? { plugin: plugins[0] } : {}),
  };
}

/** The first refusal of the node as it is. */
export function refusalAt({ pod }: PodInfo, node: NodeInfo, state: CycleState): Refusal | undefined {
  const { filters } = activeFilters(state);
  return firstRefusal(pod, node, state, filters, 0, filters.length);
}

export const activeFilters = (state: CycleState): Active => state.get(ACTIVE) as Active;

/** Of the filters from one to before another. */
export function firstRefusal(
  pod: Pod,
  node: NodeInfo,
  state: CycleState,
  filters: Active["filters"],
  from: number,
  to: number,
): Refusal | undefined {
  for (let i = from; i < to; i++) {
    const plugin = filters[i] as With<"filter">;
    const refusal = plugin.filter(pod, node, state);
    if (refusal) return refusal.plugin === undefined ? signed(refusal, plugin.name) : refusal;
  }
  return undefined;
}

/** The same, with the pods of no lower priority that are nominated for the node, and without them. */
export function refusalWithNominated(
  info: PodInfo,
  node: MutableNodeInfo,
  state: CycleState,
  nominator: Nominator,
): Refusal | undefined {
  const nominated = nominator.isEmpty ? undefined : nominator.rivals(info, node.name);
  if (!nominated?.length) return refusalAt(info, node, state);
  const crowded = node.clone();
  for (const other of nominated) addPod(info, other, crowded, state);
  const refusal = refusalAt(info, crowded, state);
  for (const other of nominated) removePod(info, other, crowded, state);
  return refusal ?? refusalAt(info, node, state);
}

/** Puts a pod on a node for a trial; the node is a clone. */
export function addPod({ pod }: PodInfo, other: PodInfo, node: MutableNodeInfo, state: CycleState): void {
  node.add(other);
  for (const plugin of (state.get(ACTIVE) as Active).trials) plugin.addPod?.(pod, other, node, state);
}

export function removePod({ pod }: PodInfo, other: PodInfo, node: MutableNodeInfo, state: CycleState): void {
  node.remove(other);
  for (const plugin of (state.get(ACTIVE) as Active).trials) plugin.removePod?.(pod, other, node, state);
}

export const signed = (refusal: Refusal, plugin: string): Refusal =>
  refusal.plugin === undefined ? { ...refusal, plugin } : refusal;
