/** Expressions that say whether a webhook or policy is asked at all, each under a name of its own. */
import { duplicate, type FieldError, qualifiedName, required, tooMany } from "@kubets/machinery";
import { checkRequired } from "../field-checks.ts";
import type { MatchCondition } from "../generated/types/admissionregistration-v1.ts";
import { expressionErrors, wanted } from "./expressions/compile.ts";
import { type ExpressionScope, expressionEnvironment } from "./expressions/environment.ts";

const MAX_CONDITIONS = 64;

export function matchConditionsErrors(
  conditions: readonly MatchCondition[] | undefined,
  field: string,
  scope: ExpressionScope = {},
): FieldError[] {
  const list = conditions ?? [];
  const errors = list.length > MAX_CONDITIONS ? [tooMany(field, list.length, MAX_CONDITIONS)] : [];
  const names = new Set<string>();
  for (const [i, { name = "", expression }] of list.entries()) {
    const at = `${field}[${i}]`;
    if (!expression?.trim()) errors.push(required(`${at}.expression`));
    const environment = expressionEnvironment({ ...scope, authorizer: true });
    errors.push(...expressionErrors(expression, environment, wanted.condition, `${at}.expression`));
    errors.push(...checkRequired(`${at}.name`, name, qualifiedName));
    if (name !== "" && names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
  }
  return errors;
}
