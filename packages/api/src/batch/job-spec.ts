/** The checks of what a job is to do, as it stands in jobs and in the templates of CronJobs. */
import { type FieldError, invalidValue, notSupported, required, tooLong } from "@kubets/machinery";
import { checkNonNegative, checkOneOf } from "../field-checks.ts";
import type { JobSpec } from "../generated/types/batch-v1.ts";
import { validatePodTemplateSpec } from "../pod/validate-template.ts";
import { prefixedPathErrors } from "../prefixed-path.ts";
import type { WriteContext } from "../resource.ts";
import { failurePolicyErrors } from "./failure-policy.ts";
import { successPolicyErrors } from "./success-policy.ts";

const MAX_INDEXED = 100_000;
/** For jobs of more indexes than that, where each counts its own failures. */
const MAX_OF_MANY = 10_000;
const MAX_MANAGED_BY = 63;

export function jobSpecErrors(spec: JobSpec, field: string, context: WriteContext): FieldError[] {
  const { podFailurePolicy, successPolicy } = spec;
  return [
    ...countErrors(spec, field),
    ...modeErrors(spec, field),
    ...(podFailurePolicy ? failurePolicyErrors(podFailurePolicy, spec, `${field}.podFailurePolicy`) : []),
    ...(successPolicy ? successPolicyErrors(successPolicy, spec, `${field}.successPolicy`) : []),
    ...replacementErrors(spec, `${field}.podReplacementPolicy`),
    ...validatePodTemplateSpec(spec.template, `${field}.template`, context),
    ...restartErrors(spec, `${field}.template.spec.restartPolicy`),
  ];
}

function countErrors(spec: JobSpec, field: string): FieldError[] {
  const errors = (
    [
      "parallelism",
      "completions",
      "activeDeadlineSeconds",
      "backoffLimit",
      "ttlSecondsAfterFinished",
      "backoffLimitPerIndex",
      "maxFailedIndexes",
    ] as const
  ).flatMap((name) => checkNonNegative(`${field}.${name}`, spec[name]));
  if (spec.maxFailedIndexes != null && spec.backoffLimitPerIndex == null)
    errors.push(required(`${field}.backoffLimitPerIndex`, "when maxFailedIndexes is specified"));
  if (spec.managedBy != null) {
    errors.push(...prefixedPathErrors(`${field}.managedBy`, spec.managedBy));
    if (Buffer.byteLength(spec.managedBy) > MAX_MANAGED_BY) errors.push(tooLong(`${field}.managedBy`, MAX_MANAGED_BY));
  }
  return errors;
}

function modeErrors(spec: JobSpec, field: string): FieldError[] {
  const { completionMode: mode, backoffLimitPerIndex, maxFailedIndexes } = spec;
  const errors: FieldError[] = [];
  if (mode != null && mode !== "NonIndexed" && mode !== "Indexed")
    errors.push(notSupported(`${field}.completionMode`, mode, ["NonIndexed", "Indexed"]));
  if (mode === "Indexed") return indexedErrors(spec, field);
  if (mode == null || mode === "NonIndexed") {
    const detail = "requires indexed completion mode";
    if (backoffLimitPerIndex != null)
      errors.push(invalidValue(`${field}.backoffLimitPerIndex`, backoffLimitPerIndex, detail));
    if (maxFailedIndexes != null) errors.push(invalidValue(`${field}.maxFailedIndexes`, maxFailedIndexes, detail));
  }
  return errors;
}

function indexedErrors(spec: JobSpec, field: string): FieldError[] {
  const { completions, parallelism = 0, maxFailedIndexes: maxFailed, backoffLimitPerIndex } = spec;
  const errors: FieldError[] = [];
  const tooLarge = (name: string, value: number, detail: string) =>
    errors.push(invalidValue(`${field}.${name}`, value, `must be less than or equal to ${detail}`));
  if (completions == null) errors.push(required(`${field}.completions`, "when completion mode is Indexed"));
  if (parallelism > MAX_INDEXED) tooLarge("parallelism", parallelism, `${MAX_INDEXED} when completion mode is Indexed`);
  if (completions != null && maxFailed != null && maxFailed > completions)
    tooLarge("maxFailedIndexes", maxFailed, "completions");
  if (maxFailed != null && maxFailed > MAX_INDEXED) tooLarge("maxFailedIndexes", maxFailed, String(MAX_INDEXED));

  if (completions != null && completions > MAX_INDEXED && backoffLimitPerIndex != null) {
    if (maxFailed == null)
      errors.push(required(`${field}.maxFailedIndexes`, `must be specified when completions is above ${MAX_INDEXED}`));
    const many = `${MAX_OF_MANY} when completions are above ${MAX_INDEXED} and used with backoff limit per index`;
    if (parallelism > MAX_OF_MANY) tooLarge("parallelism", parallelism, many);
    if (maxFailed != null && maxFailed > MAX_OF_MANY) tooLarge("maxFailedIndexes", maxFailed, many);
  }
  return errors;
}

/** Pods whose failures are looked at are replaced only when they have failed. */
function replacementErrors({ podReplacementPolicy: policy, podFailurePolicy }: JobSpec, field: string): FieldError[] {
  if (policy == null) return [];
  return checkOneOf(field, policy, podFailurePolicy ? ["Failed"] : ["Failed", "TerminatingOrFailed"]);
}

function restartErrors({ template, podFailurePolicy }: JobSpec, field: string): FieldError[] {
  const policy = template.spec?.restartPolicy ?? "";
  if (policy === "" || policy === "Always") return [required(field, 'valid values: "OnFailure", "Never"')];
  if (policy !== "OnFailure" && policy !== "Never") return [notSupported(field, policy, ["OnFailure", "Never"])];
  if (podFailurePolicy && policy !== "Never")
    return [invalidValue(field, policy, 'only "Never" is supported when podFailurePolicy is specified')];
  return [];
}
