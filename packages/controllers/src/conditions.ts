/**
 * Conditions of a status: found by type, set without losing when their status last changed.
 * Holds: a condition whose status and reason stay is left as it stands; `lastTransitionTime` moves only with the status.
 */
import { type AnyCondition, conditionOf } from "@kubets/api/condition";

export { type AnyCondition, conditionOf, isTrue } from "@kubets/api/condition";

/** In place of the one of its type, which moves to the end; the same list if that one has the same status and reason. */
export function withCondition<C extends AnyCondition>(
  conditions: readonly C[] | undefined,
  condition: C,
): readonly C[] {
  const current = conditionOf(conditions, condition.type);
  if (current && current.status === condition.status && current.reason === condition.reason) return conditions ?? [];
  const kept =
    current?.status === condition.status ? { ...condition, lastTransitionTime: current.lastTransitionTime } : condition;
  return [...withoutCondition(conditions, condition.type), kept as C];
}

export const withoutCondition = <C extends AnyCondition>(
  conditions: readonly C[] | undefined,
  type: string,
): readonly C[] => (conditions ?? []).filter((condition) => condition.type !== type);
