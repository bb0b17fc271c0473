/** Whether a webhook or policy is asked at all: all of its match conditions hold. One that does not hold counts for more than one that fails. */
import type { MatchCondition } from "@kubets/api/generated/types/admissionregistration-v1";
import { type Activation, Budget } from "@kubets/cel";
import type { AdmissionRequest } from "../plugin.ts";
import { joined } from "../request.ts";
import { CONDITIONS_BUDGET, Evaluation } from "./evaluation.ts";
import { Expressions, type ExpressionText } from "./expression.ts";
import { BudgetSpent } from "./run.ts";

export interface Conditions {
  readonly texts: readonly ExpressionText[];
  readonly expressions: Expressions;
}

export const conditionsOf = (conditions: readonly MatchCondition[] | undefined, params = false): Conditions => ({
  texts: (conditions ?? []).map(({ expression }) => ({ source: expression, wants: "condition", authorizer: true })),
  expressions: new Expressions({ params, variables: [] }),
});

/** A text says why it cannot be told. */
export async function conditionsHold(
  { texts, expressions }: Conditions,
  request: AdmissionRequest,
  activation: () => Activation | Promise<Activation>,
): Promise<boolean | string> {
  if (texts.length === 0) return true;
  const evaluation = new Evaluation(request, await activation(), expressions, new Budget(CONDITIONS_BUDGET));
  const errors: string[] = [];
  try {
    for (const text of texts) {
      const { value, error } = await evaluation.evaluate(text);
      if (error !== undefined) errors.push(error);
      else if (value === false) return false;
    }
  } catch (error) {
    if (!(error instanceof BudgetSpent)) throw error;
    return error.message;
  }
  return errors.length ? joined(errors) : true;
}
