/** Whether a webhook or policy is asked at all: all of its match conditions hold. One that does not hold counts for more than one that fails. */
import { compileExpression, wanted } from "@kubets/api/admissionregistration/expressions/compile";
import { type ExpressionScope, expressionEnvironment } from "@kubets/api/admissionregistration/expressions/environment";
import type { MatchCondition } from "@kubets/api/generated/types/admissionregistration-v1";
import { type Activation, Budget } from "@kubets/cel";
import type { AdmissionRequest } from "../plugin.ts";
import { joined } from "../request.ts";
import { BudgetSpent, CONDITIONS_BUDGET, Evaluation, type Expression } from "./evaluation.ts";

export function compileConditions(
  conditions: readonly MatchCondition[] | undefined,
  scope: ExpressionScope = {},
): readonly Expression[] {
  if (!conditions?.length) return [];
  const environment = expressionEnvironment({ ...scope, authorizer: true });
  return conditions.map(({ expression }) => ({
    source: expression,
    compiled: compileExpression(expression, environment, wanted.condition),
  }));
}

/** A text says why it cannot be told. */
export async function conditionsHold(
  conditions: readonly Expression[],
  request: AdmissionRequest,
  activation: () => Activation,
): Promise<boolean | string> {
  if (conditions.length === 0) return true;
  const evaluation = new Evaluation(request, activation(), [], new Budget(CONDITIONS_BUDGET));
  const errors: string[] = [];
  try {
    for (const condition of conditions) {
      const { value, error } = await evaluation.evaluate(condition);
      if (error !== undefined) errors.push(error);
      else if (value === false) return false;
    }
  } catch (error) {
    if (!(error instanceof BudgetSpent)) throw error;
    return error.message;
  }
  return errors.length ? joined(errors) : true;
}
