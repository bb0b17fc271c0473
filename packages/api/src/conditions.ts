/** The checks of metav1.Condition, which the status of the newer kinds holds. */
import {
  duplicate,
  type FieldError,
  invalidValue,
  notSupported,
  qualifiedName,
  regexError,
  required,
  tooLong,
} from "@kubets/machinery";
import { checkForm } from "./field-checks.ts";
import type { Condition } from "./generated/types/meta-v1.ts";

export const CONDITION_STATUSES: readonly string[] = ["False", "True", "Unknown"];
const MAX_REASON = 1024;
const MAX_MESSAGE = 32 * 1024;
const REASON_FORM = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?";
const REASON = new RegExp(`^${REASON_FORM}$`);
const REASON_RULE =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";

export function conditionsErrors(conditions: readonly Condition[] | undefined, field: string): FieldError[] {
  const types = new Set<string>();
  return (conditions ?? []).flatMap((condition, i) => {
    const at = `${field}[${i}]`;
    const twice = types.has(condition.type) ? [duplicate(`${at}.type`, condition.type)] : [];
    types.add(condition.type);
    return [...twice, ...conditionErrors(condition, at)];
  });
}

function conditionErrors(condition: Condition, field: string): FieldError[] {
  const { type, status, observedGeneration = 0, lastTransitionTime, reason, message } = condition;
  const errors = checkForm(`${field}.type`, type, qualifiedName);
  if (!CONDITION_STATUSES.includes(status)) errors.push(notSupported(`${field}.status`, status, CONDITION_STATUSES));
  if (observedGeneration < 0)
    errors.push(
      invalidValue(`${field}.observedGeneration`, observedGeneration, "must be greater than or equal to zero"),
    );
  if (!lastTransitionTime) errors.push(required(`${field}.lastTransitionTime`));
  errors.push(...reasonErrors(reason, `${field}.reason`));
  if (Buffer.byteLength(message) > MAX_MESSAGE) errors.push(tooLong(`${field}.message`, MAX_MESSAGE));
  return errors;
}

function reasonErrors(reason: string, field: string): FieldError[] {
  if (reason === "") return [required(field)];
  const errors: FieldError[] = [];
  if (!REASON.test(reason)) {
    const examples = ["my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB"];
    errors.push(invalidValue(field, reason, regexError(REASON_RULE, REASON_FORM, ...examples)));
  }
  if (Buffer.byteLength(reason) > MAX_REASON) errors.push(tooLong(field, MAX_REASON));
  return errors;
}
