/** Conditions of a status, found by type. */
export interface AnyCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string | null;
}

export const conditionOf = <C extends AnyCondition>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined => conditions?.find((condition) => condition.type === type);

export const isTrue = (conditions: readonly AnyCondition[] | undefined, type: string): boolean =>
  conditionOf(conditions, type)?.status === "True";
