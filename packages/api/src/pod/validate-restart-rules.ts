/** When a single container is started again: its own policy, and rules on its exit code. */
import { type FieldError, required, tooMany } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import type { Container, ContainerRestartRule } from "../generated/types/core-v1.ts";
import { known, oneOf } from "./field-checks.ts";

const MAX_RULES = 20;
const MAX_VALUES = 255;

export function validateRestartRules({ restartPolicy, restartPolicyRules }: Container, at: string): FieldError[] {
  const errors =
    restartPolicy === undefined ? [] : known(`${at}.restartPolicy`, restartPolicy, ["Always", "Never", "OnFailure"]);
  if (!restartPolicyRules?.length) return errors;
  if (restartPolicy === undefined)
    errors.push(required(`${at}.restartPolicy`, "must specify restartPolicy when restart rules are used"));
  const field = `${at}.restartPolicyRules`;
  if (restartPolicyRules.length > MAX_RULES) errors.push(tooMany(field, restartPolicyRules.length, MAX_RULES));
  return joined(
    errors,
    restartPolicyRules.flatMap((rule, i) => ruleErrors(rule, `${field}[${i}]`)),
  );
}

function ruleErrors({ action, exitCodes }: ContainerRestartRule, at: string): FieldError[] {
  const errors = oneOf(`${at}.action`, action, ["Restart", "RestartAllContainers"]);
  const field = `${at}.exitCodes`;
  if (!exitCodes) return [...errors, required(field, "must be specified")];
  errors.push(...oneOf(`${field}.operator`, exitCodes.operator, ["In", "NotIn"]));
  const count = exitCodes.values?.length ?? 0;
  return count > MAX_VALUES ? [...errors, tooMany(`${field}.values`, count, MAX_VALUES)] : errors;
}
