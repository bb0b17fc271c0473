/**
 * The constraints that score nodes: the fewer pods of the kind in a node's domain, the better. Counts of topologies with many domains weigh
 * more, because there each pod makes a larger difference.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { stateKey } from "../../framework/cycle-state.ts";
import type { CountView } from "../../framework/pod-counter.ts";
import { MAX_SCORE } from "../../framework/scoring.ts";
import type { NodeInfo, Snapshot } from "../../framework/snapshot.ts";
import { type Defaults, HOSTNAME, requiresAllKeys, spreadConstraints } from "./constraint.ts";

export interface SoftState {
  readonly constraints: readonly SoftConstraint[];
  /** Nodes that lack a label that all must have. */
  readonly ignored: ReadonlySet<string>;
}

interface SoftConstraint {
  /** Counted on each node, whatever its label says. */
  readonly byNode: boolean;
  readonly maxSkew: number;
  readonly weight: number;
  readonly counts: CountView;
}

export const SOFT = stateKey<SoftState>("PodTopologySpread/soft");

export function softState(
  pod: Pod,
  nodes: readonly NodeInfo[],
  snapshot: Snapshot,
  defaults: Defaults,
): SoftState | undefined {
  const constraints = spreadConstraints(pod, "ScheduleAnyway", defaults);
  if (constraints.length === 0) return undefined;
  const ignored = new Set<string>();
  if (requiresAllKeys(pod, defaults)) {
    for (const info of nodes) {
      if (constraints.some(({ topologyKey }) => labelOf(info, topologyKey) === undefined)) ignored.add(info.name);
    }
  }
  const scored = ignored.size ? nodes.filter(({ name }) => !ignored.has(name)) : nodes;
  return {
    ignored,
    constraints: constraints.map(({ topologyKey, maxSkew, counted }) => {
      const counts = snapshot.counts(counted);
      const byNode = topologyKey === HOSTNAME;
      const domains = byNode ? scored.length : domainsAmong(scored, counts);
      return { byNode, maxSkew, weight: Math.log(domains + 2), counts };
    }),
  };
}

export function scoreOf({ constraints, ignored }: SoftState, info: NodeInfo): number {
  if (ignored.size && ignored.has(info.name)) return 0;
  let score = 0;
  for (const { byNode, maxSkew, weight, counts } of constraints) {
    if (counts.topology.of(info.slot) === 0) continue;
    const count = byNode ? counts.onNode(info.slot) : counts.at(info.slot);
    score += count * weight + (maxSkew - 1);
  }
  return Math.round(score);
}

export function normalize(scores: number[], nodes: readonly NodeInfo[], { ignored }: SoftState): void {
  const isIgnored = (i: number) => ignored.size > 0 && ignored.has((nodes[i] as NodeInfo).name);
  let min = Infinity;
  let max = 0;
  for (let i = 0; i < scores.length; i++) {
    if (isIgnored(i)) continue;
    min = Math.min(min, scores[i] as number);
    max = Math.max(max, scores[i] as number);
  }
  for (let i = 0; i < scores.length; i++) {
    if (isIgnored(i)) scores[i] = 0;
    else if (max === 0) scores[i] = MAX_SCORE;
    else scores[i] = Math.trunc((MAX_SCORE * (max + min - (scores[i] as number))) / max);
  }
}

/** How many domains the nodes that fit make up. */
function domainsAmong(nodes: readonly NodeInfo[], { topology }: CountView): number {
  const seen = new Uint8Array(topology.highest + 1);
  let count = 0;
  for (let i = 0; i < nodes.length; i++) {
    const domain = topology.of((nodes[i] as NodeInfo).slot);
    if (seen[domain] === 0) count++;
    seen[domain] = 1;
  }
  return count;
}

const labelOf = ({ node }: NodeInfo, key: string): string | undefined => node.metadata.labels?.[key];
