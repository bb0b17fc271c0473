/** ValidatingAdmissionPolicyBindings: where a policy holds, with which parameters, and what comes of a violation. */
import { duplicate, type FieldError, invalidValue, notSupported, required } from "@kubets/machinery";
import { define } from "../define.ts";
import { validatingadmissionpolicybindings } from "../generated/refs.ts";
import type { ValidatingAdmissionPolicyBinding } from "../generated/types/admissionregistration-v1.ts";
import { policyBinding, policyBindingErrors } from "./policy-binding.ts";

const ACTIONS = ["Audit", "Deny", "Warn"];
const NOT_BOTH =
  "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)";

export const validatingAdmissionPolicyBindingResource = define(validatingadmissionpolicybindings, {
  ...policyBinding,
  validate,
  validateUpdate: validate,
});

function validate({ spec }: ValidatingAdmissionPolicyBinding): FieldError[] {
  return [...policyBindingErrors(spec), ...actionErrors(spec.validationActions ?? [], "spec.validationActions")];
}

function actionErrors(actions: readonly string[], field: string): FieldError[] {
  if (!actions.length) return [required(field, "at least one validation action is required")];
  const errors: FieldError[] = [];
  for (const [i, action] of actions.entries()) {
    if (!ACTIONS.includes(action)) errors.push(notSupported(`${field}[${i}]`, action, ACTIONS));
    if (actions.indexOf(action) < i) errors.push(duplicate(`${field}[${i}]`, action));
  }
  if (actions.includes("Deny") && actions.includes("Warn")) errors.push(invalidValue(field, actions, NOT_BOTH));
  return errors;
}
