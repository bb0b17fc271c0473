/**
 * Who would have to go on each node, kept for pods alike until the node, who is nominated for it, or a disruption budget changes. It is
 * worked out anew where more has a say: a filter that looks further, or a nomination of the pod's own.
 */
import { poddisruptionbudgets } from "@kubets/api/generated/refs";
import { ANSWERS, type Answers } from "../../framework/answers.ts";
import type { CycleState } from "../../framework/cycle-state.ts";
import { activeFilters } from "../../framework/filtering.ts";
import type { Handle } from "../../framework/handle.ts";
import type { MutableNodeInfo } from "../../framework/node-info.ts";
import type { PodInfo } from "../../framework/pod-info.ts";
import type { Refusal } from "../../framework/refusals.ts";
import { type Budget, budgetsOf } from "./budgets.ts";
import type { Candidate } from "./candidate.ts";
import { selectVictims } from "./victims.ts";

interface Known {
  readonly stamp: number;
  readonly nominated: number;
  readonly found: Candidate | Refusal;
}

export class VictimMemo {
  readonly #handle: Handle;
  #budgets: readonly Budget[] | undefined;
  /** By the kind of pod, its priority, and the slot of the node. */
  #known = new WeakMap<Answers, Map<number, Map<number, Known>>>();

  constructor(handle: Handle) {
    this.#handle = handle;
    const forget = () => {
      this.#budgets = undefined;
      this.#known = new WeakMap();
    };
    handle.cache.informer(poddisruptionbudgets).subscribe({ added: forget, changed: forget, deleted: forget });
  }

  victims(info: PodInfo, node: MutableNodeInfo, state: CycleState): Candidate | Refusal {
    const { cluster, nominator, cache } = this.#handle;
    this.#budgets ??= budgetsOf(cache.list(poddisruptionbudgets));
    const select = () => selectVictims(info, node, state, nominator, this.#budgets as readonly Budget[]);
    const answers = state.get(ANSWERS);
    const further = activeFilters(state).filters.some(({ dependsOn }) => !dependsOn);
    if (!answers || further || nominator.nodeOf(info.pod.metadata.uid) === node.name) return select();

    const bySlot = this.#of(answers, info.priority);
    const stamp = cluster.stamps.values[node.slot] as number;
    const nominated = nominator.stampOf(node.name);
    const known = bySlot.get(node.slot);
    if (known?.stamp === stamp && known.nominated === nominated) return known.found;
    const found = select();
    bySlot.set(node.slot, { stamp, nominated, found });
    return found;
  }

  #of(answers: Answers, priority: number): Map<number, Known> {
    const byPriority = this.#known.get(answers) ?? new Map<number, Map<number, Known>>();
    this.#known.set(answers, byPriority);
    const bySlot = byPriority.get(priority) ?? new Map<number, Known>();
    byPriority.set(priority, bySlot);
    return bySlot;
  }
}
