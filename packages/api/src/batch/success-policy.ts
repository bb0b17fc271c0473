/** The checks of when an indexed job counts as done before all of its indexes are. */
import { type FieldError, invalidValue, required, tooLong, tooMany } from "@kubets/machinery";
import { checkNonNegative } from "../field-checks.ts";
import type { JobSpec, SuccessPolicy, SuccessPolicyRule } from "../generated/types/batch-v1.ts";
import { countIndexes } from "./indexes.ts";

const MAX_RULES = 20;
const MAX_INDEXES_LENGTH = 64 * 1024;

export function successPolicyErrors(policy: SuccessPolicy, spec: JobSpec, field: string): FieldError[] {
  if (spec.completionMode !== "Indexed")
    return [invalidValue(field, shown(policy), "requires indexed completion mode")];
  const rules = policy.rules ?? [];
  const errors: FieldError[] = [];
  if (!rules.length)
    errors.push(required(`${field}.rules`, "at least one rules must be specified when the successPolicy is specified"));
  if (rules.length > MAX_RULES) errors.push(tooMany(`${field}.rules`, rules.length, MAX_RULES));
  return [...errors, ...rules.flatMap((rule, i) => ruleErrors(rule, spec.completions ?? 0, `${field}.rules[${i}]`))];
}

const shown = ({ rules }: SuccessPolicy) => ({
  Rules: (rules ?? []).map(({ succeededIndexes, succeededCount }) => ({
    SucceededIndexes: succeededIndexes ?? null,
    SucceededCount: succeededCount ?? null,
  })),
});

function ruleErrors(
  { succeededIndexes: text, succeededCount: count }: SuccessPolicyRule,
  completions: number,
  field: string,
): FieldError[] {
  if (text == null && count == null)
    return [required(field, "at least one of succeededCount or succeededIndexes must be specified")];
  const errors: FieldError[] = [];
  let named = 0;
  if (text != null) {
    const at = `${field}.succeededIndexes`;
    if (Buffer.byteLength(text) > MAX_INDEXES_LENGTH) errors.push(tooLong(at, MAX_INDEXES_LENGTH));
    try {
      named = countIndexes(text, completions);
    } catch (error) {
      errors.push(invalidValue(at, text, `error parsing succeededIndexes: ${(error as Error).message}`));
    }
  }
  if (count == null) return errors;
  const at = `${field}.succeededCount`;
  errors.push(...checkNonNegative(at, count));
  if (count > completions) {
    const detail = `must be less than or equal to ${completions} (the number of specified completions)`;
    errors.push(invalidValue(at, count, detail));
  }
  if (text != null && count > named) {
    const detail = `must be less than or equal to ${named} (the number of indexes in the specified succeededIndexes field)`;
    errors.push(invalidValue(at, count, detail));
  }
  return errors;
}
