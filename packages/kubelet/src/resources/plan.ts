/** What the containers of a pod are given for themselves, or why they cannot be. Pure: from what the node has and what is taken. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { allot, brokenCores, lackOf, NOT_LOCAL, type PodPlan, unexpected } from "./allot.ts";
import type { Allotment } from "./allotment.ts";
import { localityOf } from "./locality.ts";
import { hasPool, planPool } from "./pod-pool.ts";
import type { NodePolicies, NodeSupply } from "./supply.ts";
import { isEmpty, sumOf, wishesOf } from "./wish.ts";

/** Undefined when nothing of the pod wants anything of its own. */
export function planAllotments(
  pod: Pod,
  policies: NodePolicies,
  supply: NodeSupply,
  taken: readonly Allotment[],
): PodPlan | undefined {
  const order = wishesOf(pod, policies, supply);
  if (hasPool(pod, policies)) return planPool(pod, order, policies, supply, taken);
  if (order.every(({ wish }) => isEmpty(wish))) return undefined;
  const whole = policies.scope === "pod" ? localityOf(sumOf(order), policies, supply, taken, []) : undefined;
  if (whole && !whole.admitted) return { rejection: NOT_LOCAL };
  const made: Record<string, Allotment> = {};
  for (const { container, wish, passesOn } of order) {
    if (isEmpty(wish)) continue;
    const used = [...taken, ...Object.values(made).filter((each) => !each.passedOn)];
    const reusable = Object.values(made).filter((each) => each.passedOn);
    const broken = brokenCores(wish.cpus, policies, supply, used);
    if (broken) return { rejection: broken, lacks: "cpu" };
    const local = whole ?? localityOf(wish, policies, supply, used, reusable);
    if (!local.admitted) return { rejection: NOT_LOCAL };
    const allotment = allot(wish, local.nodes, policies, supply, used, reusable);
    if (typeof allotment === "string") return { rejection: unexpected(allotment), ...lackOf(allotment) };
    made[container.name] = { ...allotment, ...(passesOn && { passedOn: true }) };
  }
  return { allotments: made };
}
