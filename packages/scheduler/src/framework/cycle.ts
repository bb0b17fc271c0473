/**
 * The deciding part of scheduling one pod: a node, or why there is none. Synchronous; looks at no more nodes than a sample needs, and
 * begins where the last pod's search ended, so that all nodes get their turn.
 */
import type { Random } from "@kubets/machinery";
import { ANSWERS, AnswerMemo, type Answers, type MemoMeter } from "./answers.ts";
import type { ClusterState } from "./cluster-state.ts";
import { CycleState } from "./cycle-state.ts";
import { prepareFilters, refusalAt, refusalWithNominated } from "./filtering.ts";
import { inPoint } from "./instrumented.ts";
import type { MutableNodeInfo } from "./node-info.ts";
import type { Nominator } from "./nominator.ts";
import type { PodInfo } from "./pod-info.ts";
import type { Profile } from "./profile.ts";
import { NodeRefusals, type Refusal, type Refusals } from "./refusals.ts";
import { numFeasibleNodesToFind } from "./sampling.ts";
import { type Scores, scoreNodes, selectBest } from "./scoring.ts";
import type { NodeInfo } from "./snapshot.ts";

export interface Decision {
  /** Undefined where no node fits. */
  readonly node: string | undefined;
  readonly feasible: readonly NodeInfo[];
  /** Absent where there was no choice. */
  readonly scores: Scores | undefined;
  readonly refusals: Refusals;
}

/** The nodes that fit, and why others do not; `slots` and `answers` are what is known of pods alike. */
export interface Found {
  readonly feasible: readonly NodeInfo[];
  readonly slots: readonly number[];
  readonly answers: Answers | undefined;
  readonly refusals: Refusals;
}

export class Decider {
  readonly #cluster: ClusterState;
  readonly #nominator: Nominator;
  readonly #random: Random;
  readonly #memo: AnswerMemo | undefined;
  #next = 0;

  /** `meter` undefined: nothing is kept of what was found for pods alike. */
  constructor(cluster: ClusterState, nominator: Nominator, random: Random, meter?: MemoMeter) {
    this.#cluster = cluster;
    this.#nominator = nominator;
    this.#random = random;
    this.#memo = meter && new AnswerMemo(cluster.stamps, meter);
  }

  decide(profile: Profile, info: PodInfo, state: CycleState): Decision {
    return this.choose(this.find(profile, info, state), profile, info, state);
  }

  /** The nodes that fit, as many as are wanted; `within`: of these alone. */
  find(profile: Profile, info: PodInfo, state: CycleState, within?: readonly NodeInfo[]): Found {
    const { nodes } = this.#cluster;
    const prepared = inPoint(profile, "preFilter", () => prepareFilters(profile, info, this.#cluster, state));
    if (prepared.refusal) return nowhere(nodes.length, prepared.refusal);

    const byNode = new NodeRefusals();
    const answers = prepared.nodes ? undefined : this.#memo?.answersFor(profile, info);
    state.set(ANSWERS, answers);
    const slots: number[] = [];
    const feasible =
      this.#nominated(info, state, within) ??
      inPoint(profile, "filter", () =>
        this.#search(profile, info, state, this.#candidates(prepared.nodes, within), byNode, answers, slots),
      );
    return {
      feasible,
      slots,
      answers,
      refusals: { nodes: nodes.length, byNode, others: prepared.others, outright: false },
    };
  }

  /** The best of them; `extra` is added to what the plugins score. */
  choose(
    found: Found,
    profile: Profile,
    info: PodInfo,
    state: CycleState,
    extra?: ReadonlyMap<string, number>,
  ): Decision {
    const { feasible, slots, answers, refusals } = found;
    if (feasible.length < 2) return { node: feasible[0]?.name, feasible, scores: undefined, refusals };
    const scores = scoreNodes(profile, info, feasible, this.#cluster, state, answers && { answers, slots });
    const totals = extra?.size
      ? scores.totals.map((total, i) => total + (extra.get((feasible[i] as NodeInfo).name) ?? 0))
      : scores.totals;
    const best = feasible[selectBest(totals, this.#random)] as NodeInfo;
    return { node: best.name, feasible, scores: { ...scores, totals }, refusals };
  }

  /** Whether the node still fits, after the cluster had time to change. */
  stillFits(profile: Profile, info: PodInfo, name: string): boolean {
    const node = this.#cluster.node(name);
    const state = new CycleState();
    const { refusal, nodes } = prepareFilters(profile, info, this.#cluster, state);
    if (!node || refusal || nodes?.has(name) === false) return false;
    return !refusalWithNominated(info, node, state, this.#nominator);
  }

  /** The node that the pod was nominated for, if it fits there by now. */
  #nominated(info: PodInfo, state: CycleState, within?: readonly NodeInfo[]): NodeInfo[] | undefined {
    const name = this.#nominator.isEmpty ? undefined : this.#nominator.nodeOf(info.pod.metadata.uid);
    const node = name === undefined ? undefined : this.#cluster.node(name);
    if (!node || within?.includes(node) === false || refusalWithNominated(info, node, state, this.#nominator))
      return undefined;
    return [node];
  }

  #candidates(only: ReadonlySet<string> | undefined, within?: readonly NodeInfo[]): readonly NodeInfo[] {
    const { nodes } = this.#cluster;
    if (within && within !== nodes)
      // Some may be gone since it was said which they are.
      return within.filter((node) => this.#cluster.node(node.name) === node && only?.has(node.name) !== false);
    if (!only) return nodes;
    return [...only].map((name) => this.#cluster.node(name)).filter((node) => node !== undefined);
  }

  /** The slots of the nodes that pods are nominated for. */
  #contested(): ReadonlySet<number> | undefined {
    if (this.#nominator.isEmpty) return undefined;
    return new Set(this.#nominator.nodes().map((name) => this.#cluster.node(name)?.slot ?? -1));
  }

  #search(
    profile: Profile,
    info: PodInfo,
    state: CycleState,
    nodes: readonly NodeInfo[],
    refused: NodeRefusals,
    answers: Answers | undefined,
    slotsOfFeasible: number[],
  ): NodeInfo[] {
    const wanted = numFeasibleNodesToFind(nodes.length, profile.percentageOfNodesToScore);
    const feasible: NodeInfo[] = [];
    const start = nodes.length ? this.#next % nodes.length : 0;
    const slots = nodes === this.#cluster.nodes ? this.#cluster.slots : nodes.map(({ slot }) => slot);
    const contested = this.#contested();
    let seen = 0;
    for (; seen < nodes.length && feasible.length < wanted; seen++) {
      const at = start + seen < nodes.length ? start + seen : start + seen - nodes.length;
      const node = nodes[at] as MutableNodeInfo;
      const slot = slots[at] as number;
      const refusal = contested?.has(slot)
        ? answers
          ? answers.refusalWithNominated(info, node, state, this.#nominator)
          : refusalWithNominated(info, node, state, this.#nominator)
        : answers
          ? answers.refusal(info, node, slot, state)
          : refusalAt(info, node, state);
      if (refusal) refused.add(node, refusal);
      else {
        feasible.push(node);
        slotsOfFeasible.push(slot);
      }
    }
    this.#next = nodes.length ? (start + seen) % nodes.length : 0;
    return feasible;
  }
}

const nowhere = (nodes: number, others: Refusal): Found => ({
  feasible: [],
  slots: [],
  answers: undefined,
  refusals: { nodes, byNode: new NodeRefusals(), others, outright: true },
});
