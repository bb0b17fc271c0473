/**
 * What plugins answered about each node for pods that are alike, kept until the node changes. Only plugins take part that say what of a
 * pod they depend on (`dependsOn`): the filters up to the first that does not, and all such scores.
 * Holds: an answer is used for a pod with the same key and a node with the same stamp, where it would come out the same.
 */
import { type CycleState, stateKey } from "./cycle-state.ts";
import { activeFilters, firstRefusal, refusalWithNominated } from "./filtering.ts";
import type { MutableNodeInfo } from "./node-info.ts";
import type { NodeStamps } from "./node-stamps.ts";
import type { Nominator } from "./nominator.ts";
import type { PodInfo } from "./pod-info.ts";
import type { Profile, With } from "./profile.ts";
import type { Refusal } from "./refusals.ts";
import type { NodeInfo } from "./snapshot.ts";

/** How many kinds of pods are remembered. */
const MOST_KINDS = 16;

/** Told how often what is kept serves. */
export interface MemoMeter {
  now(): number;
  looked(profile: string, found: boolean, ms: number): void;
  letGo(profile: string): void;
}

const UNHEARD: MemoMeter = { now: () => 0, looked() {}, letGo() {} };

export class AnswerMemo {
  readonly #stamps: NodeStamps;
  readonly #meter: MemoMeter;
  /** By what makes pods alike; undefined for what was seen once only. The last used stands last. */
  readonly #kinds = new Map<string, Answers | undefined>();

  constructor(stamps: NodeStamps, meter: MemoMeter = UNHEARD) {
    this.#stamps = stamps;
    this.#meter = meter;
  }

  /** Nothing is kept for the first of a kind, which may be the only one. */
  answersFor(profile: Profile, info: PodInfo): Answers | undefined {
    const began = this.#meter.now();
    const key = JSON.stringify([profile.schedulerName, ...profile.local.map((plugin) => plugin.dependsOn(info))]);
    const isKnown = this.#kinds.has(key);
    const answers = isKnown ? (this.#kinds.get(key) ?? new Answers(this.#stamps)) : undefined;
    this.#kinds.delete(key);
    this.#kinds.set(key, answers);
    if (this.#kinds.size > MOST_KINDS) {
      this.#kinds.delete(this.#kinds.keys().next().value as string);
      this.#meter.letGo(profile.schedulerName);
    }
    this.#meter.looked(profile.schedulerName, answers !== undefined, this.#meter.now() - began);
    return answers;
  }
}

interface Contested {
  readonly stamp: number;
  readonly nominated: number;
  readonly priority: number;
  readonly refusal: Refusal | undefined;
}

export class Answers {
  readonly #stamps: NodeStamps;
  #filtered: Float64Array = new Float64Array(0);
  readonly #refusals: (Refusal | undefined)[] = [];
  readonly #contested = new Map<number, Contested>();
  readonly #scores = new Map<string, { stamps: Float64Array; scores: Float64Array }>();

  constructor(stamps: NodeStamps) {
    this.#stamps = stamps;
  }

  refusal(info: PodInfo, node: NodeInfo, slot: number, state: CycleState): Refusal | undefined {
    const { filters, local } = activeFilters(state);
    const stamp = this.#stamps.values[slot] as number;
    if (this.#filtered[slot] !== stamp) {
      this.#filtered = roomFor(this.#filtered, this.#stamps);
      this.#refusals[slot] = firstRefusal(info.pod, node, state, filters, 0, local);
      this.#filtered[slot] = stamp;
    }
    return this.#refusals[slot] ?? firstRefusal(info.pod, node, state, filters, local, filters.length);
  }

  /** The same for a node that pods are nominated for. */
  refusalWithNominated(
    info: PodInfo,
    node: MutableNodeInfo,
    state: CycleState,
    nominator: Nominator,
  ): Refusal | undefined {
    const { filters, local } = activeFilters(state);
    const isLocal = local === filters.length && nominator.nodeOf(info.pod.metadata.uid) !== node.name;
    if (!isLocal) return refusalWithNominated(info, node, state, nominator);
    const stamp = this.#stamps.values[node.slot] as number;
    const nominated = nominator.stampOf(node.name);
    const { priority } = info;
    const known = this.#contested.get(node.slot);
    if (known?.stamp === stamp && known.nominated === nominated && known.priority === priority) return known.refusal;
    const refusal = refusalWithNominated(info, node, state, nominator);
    this.#contested.set(node.slot, { stamp, nominated, priority, refusal });
    return refusal;
  }

  scores(
    plugin: With<"score">,
    { pod }: PodInfo,
    nodes: readonly NodeInfo[],
    slots: readonly number[],
    state: CycleState,
  ): number[] {
    let kept = this.#scores.get(plugin.name);
    if (!kept || kept.stamps.length < this.#stamps.values.length) {
      const { stamps, scores } = kept ?? { stamps: new Float64Array(0), scores: new Float64Array(0) };
      kept = { stamps: roomFor(stamps, this.#stamps), scores: roomFor(scores, this.#stamps) };
      this.#scores.set(plugin.name, kept);
    }
    const { stamps, scores } = kept;
    return nodes.map((node, i) => {
      const slot = slots[i] as number;
      const stamp = this.#stamps.values[slot] as number;
      if (stamps[slot] !== stamp) {
        scores[slot] = plugin.score(pod, node, state);
        stamps[slot] = stamp;
      }
      return scores[slot] as number;
    });
  }
}

/** What is known of pods like the one of this cycle. */
export const ANSWERS = stateKey<Answers | undefined>("answers");

function roomFor(array: Float64Array, { values }: NodeStamps): Float64Array {
  if (array.length >= values.length) return array;
  const grown = new Float64Array(values.length);
  grown.set(array);
  return grown;
}
