/** The checks of when a job counts failed pods, and when it fails at once. */
import {
  duplicate,
  type FieldError,
  invalidValue,
  notSupported,
  qualifiedName,
  required,
  tooMany,
} from "@kubets/machinery";
import { CONDITION_STATUSES } from "../conditions.ts";
import { checkForm } from "../field-checks.ts";
import type {
  JobSpec,
  PodFailurePolicy,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
} from "../generated/types/batch-v1.ts";

const ACTIONS = ["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS = ["In", "NotIn"];
const MAX_RULES = 20;
const MAX_VALUES = 255;
const MAX_PATTERNS = 20;

export function failurePolicyErrors({ rules }: PodFailurePolicy, spec: JobSpec, field: string): FieldError[] {
  const list = rules ?? [];
  const errors = list.length > MAX_RULES ? [tooMany(`${field}.rules`, list.length, MAX_RULES)] : [];
  return [...errors, ...list.flatMap((rule, i) => ruleErrors(rule, spec, `${field}.rules[${i}]`))];
}

/** A list of words as messages show it: ["a" "b"]. */
const valid = (words: readonly string[]) => `valid values: [${words.map((word) => JSON.stringify(word)).join(" ")}]`;

function ruleErrors(rule: PodFailurePolicyRule, spec: JobSpec, field: string): FieldError[] {
  const { action, onExitCodes, onPodConditions } = rule;
  const errors: FieldError[] = [];
  if (!action) errors.push(required(`${field}.action`, valid(ACTIONS)));
  else if (action === "FailIndex" && spec.backoffLimitPerIndex == null)
    errors.push(invalidValue(`${field}.action`, action, "requires the backoffLimitPerIndex to be set"));
  else if (!ACTIONS.includes(action)) errors.push(notSupported(`${field}.action`, action, ACTIONS));

  const patterns = onPodConditions ?? [];
  if (onExitCodes && patterns.length)
    errors.push(wrong(field, "specifying both OnExitCodes and OnPodConditions is not supported"));
  if (!onExitCodes && !patterns.length)
    errors.push(wrong(field, "specifying one of OnExitCodes and OnPodConditions is required"));
  if (onExitCodes) errors.push(...exitCodeErrors(onExitCodes, spec, `${field}.onExitCodes`));
  if (patterns.length > MAX_PATTERNS) errors.push(tooMany(`${field}.onPodConditions`, patterns.length, MAX_PATTERNS));
  return [...errors, ...patterns.flatMap((pattern, i) => patternErrors(pattern, `${field}.onPodConditions[${i}]`))];
}

const wrong = (field: string, detail: string): FieldError => ({ type: "FieldValueInvalid", field, detail });

function exitCodeErrors(
  { operator, containerName, values }: PodFailurePolicyOnExitCodesRequirement,
  { template }: JobSpec,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!operator) errors.push(required(`${field}.operator`, valid(OPERATORS)));
  else if (!OPERATORS.includes(operator)) errors.push(notSupported(`${field}.operator`, operator, OPERATORS));
  if (containerName != null) {
    const containers = [...(template.spec?.initContainers ?? []), ...(template.spec?.containers ?? [])];
    const detail = "must be one of the container or initContainer names in the pod template";
    if (!containers.some(({ name }) => name === containerName))
      errors.push(invalidValue(`${field}.containerName`, containerName, detail));
  }
  const codes = values ?? [];
  if (!codes.length) errors.push(invalidValue(`${field}.values`, codes, "at least one value is required"));
  else if (codes.length > MAX_VALUES) errors.push(tooMany(`${field}.values`, codes.length, MAX_VALUES));
  for (const [i, code] of codes.entries()) {
    const at = `${field}.values[${i}]`;
    if (operator === "In" && code === 0) errors.push(invalidValue(at, code, "must not be 0 for the In operator"));
    if (codes.indexOf(code) < i) errors.push(duplicate(at, code));
  }
  if (codes.some((code, i) => i > 0 && (codes[i - 1] as number) > code))
    errors.push(invalidValue(`${field}.values`, codes, "must be ordered"));
  return errors;
}

function patternErrors({ type, status }: PodFailurePolicyOnPodConditionsPattern, field: string): FieldError[] {
  const errors = checkForm(`${field}.type`, type ?? "", qualifiedName);
  if (!status) errors.push(required(`${field}.status`, valid(CONDITION_STATUSES)));
  else if (!CONDITION_STATUSES.includes(status))
    errors.push(notSupported(`${field}.status`, status, CONDITION_STATUSES));
  return errors;
}
