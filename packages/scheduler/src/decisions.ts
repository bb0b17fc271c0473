/**
 * Why pods went where they went: for the last pods, which node was refused by which plugin and why, and which scores the others got. It
 * keeps what the cycle had made anyway, and makes readable objects only when asked.
 */
import type { Decision } from "./framework/cycle.ts";
import type { PodInfo } from "./framework/pod-info.ts";
import { type Refusal, refusalMessage } from "./framework/refusals.ts";

export interface DecisionReport {
  readonly pod: string;
  readonly uid: string;
  readonly time: string;
  readonly node?: string;
  readonly nominatedNode?: string;
  readonly message?: string;
  /** Nodes that were looked at, of all there are. */
  readonly evaluatedNodes: number;
  readonly allNodes: number;
  readonly refused: readonly { plugin: string; reasons: readonly string[]; nodes: readonly string[] }[];
  /** Best first; empty where there was no choice. `scores` are weighted. */
  readonly scored: readonly { node: string; total: number; scores: Readonly<Record<string, number>> }[];
}

interface Kept {
  readonly info: PodInfo;
  readonly time: number;
  readonly decision: Decision;
  readonly outcome: Outcome;
}

export interface Outcome {
  readonly nominatedNode?: string;
  readonly message?: string;
}

/** Bounds what is kept: pods, and nodes over all of them. */
const MAX_PODS = 256;
const MAX_NODES = 50_000;

export class Decisions {
  readonly #kept: Kept[] = [];
  #nodes = 0;

  record(info: PodInfo, decision: Decision, time: number, outcome: Outcome = {}): void {
    this.#kept.push({ info, time, decision, outcome });
    this.#nodes += sizeOf(decision);
    while (this.#kept.length > MAX_PODS || (this.#nodes > MAX_NODES && this.#kept.length > 1)) {
      const gone = this.#kept.shift() as Kept;
      this.#nodes -= sizeOf(gone.decision);
    }
  }

  /** The latest first; of one pod ("namespace/name") or of all. */
  report(pod?: string): DecisionReport[] {
    const kept = pod === undefined ? this.#kept : this.#kept.filter(({ info }) => info.key === pod);
    return kept.map(reportOf).reverse();
  }
}

const sizeOf = ({ feasible, refusals }: Decision) => feasible.length + refusals.byNode.size;

function reportOf({ info, time, decision, outcome }: Kept): DecisionReport {
  const { node, feasible, refusals } = decision;
  const message = outcome.message ?? (node === undefined ? refusalMessage(refusals) : undefined);
  return {
    pod: info.key,
    uid: info.pod.metadata.uid,
    time: new Date(time).toISOString(),
    ...(node === undefined ? {} : { node }),
    ...(outcome.nominatedNode ? { nominatedNode: outcome.nominatedNode } : {}),
    ...(message ? { message } : {}),
    evaluatedNodes: feasible.length + refusals.byNode.size,
    allNodes: refusals.nodes,
    refused: refusedGroups(decision),
    scored: scoredNodes(decision),
  };
}

function refusedGroups({ refusals }: Decision): DecisionReport["refused"] {
  const groups = new Map<Refusal, string[]>();
  refusals.byNode.forEach(({ name: node }, refusal) => {
    const nodes = groups.get(refusal);
    if (nodes) nodes.push(node);
    else groups.set(refusal, [node]);
  });
  const list = [...groups].map(([{ plugin = "", reasons }, nodes]) => ({ plugin, reasons, nodes }));
  const { others } = refusals;
  return others ? [...list, { plugin: others.plugin ?? "", reasons: others.reasons, nodes: ["*"] }] : list;
}

function scoredNodes({ feasible, scores }: Decision): DecisionReport["scored"] {
  if (!scores) return [];
  return feasible
    .map(({ name }, i) => ({
      node: name,
      total: scores.totals[i] as number,
      scores: Object.fromEntries(scores.byPlugin.map((s) => [s.plugin, s.weight * (s.scores[i] as number)])),
    }))
    .sort((a, b) => b.total - a.total);
}
