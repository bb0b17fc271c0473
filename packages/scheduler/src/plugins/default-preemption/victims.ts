/**
 * Which pods of a node would have to go so that another fits: all of lower priority are taken away on trial, then as many as possible
 * are put back, the protected and the more important ones first.
 */
import type { CycleState } from "../../framework/cycle-state.ts";
import { addPod, refusalWithNominated, removePod } from "../../framework/filtering.ts";
import type { MutableNodeInfo } from "../../framework/node-info.ts";
import type { Nominator } from "../../framework/nominator.ts";
import type { PodInfo } from "../../framework/pod-info.ts";
import type { Refusal } from "../../framework/refusals.ts";
import { type Budget, splitByBudgets } from "./budgets.ts";
import { byImportance, type Candidate } from "./candidate.ts";

const NO_VICTIMS: Refusal = { reasons: ["No preemption victims found for incoming pod"] };

/** The state of the cycle is as before when it returns. */
export function selectVictims(
  info: PodInfo,
  node: MutableNodeInfo,
  state: CycleState,
  nominator: Nominator,
  budgets: readonly Budget[],
): Candidate | Refusal {
  const lower = node.pods.filter(({ priority }) => priority < info.priority);
  if (lower.length === 0) return NO_VICTIMS;
  const trial = node.clone();
  const gone = new Set(lower);
  const refused = () => refusalWithNominated(info, trial, state, nominator);
  try {
    for (const pod of lower) removePod(info, pod, trial, state);
    const refusal = refused();
    if (refusal) return refusal;

    const keeps = (pod: PodInfo): boolean => {
      addPod(info, pod, trial, state);
      if (!refused()) {
        gone.delete(pod);
        return true;
      }
      removePod(info, pod, trial, state);
      return false;
    };
    const { violating, free } = splitByBudgets([...lower].sort(byImportance), budgets);
    const protectedVictims = violating.filter((pod) => !keeps(pod));
    const victims = [...protectedVictims, ...free.filter((pod) => !keeps(pod))].sort(byImportance);
    return { node: node.name, victims, violations: protectedVictims.length, standing: [...node.pods] };
  } finally {
    for (const pod of gone) addPod(info, pod, trial, state);
  }
}
