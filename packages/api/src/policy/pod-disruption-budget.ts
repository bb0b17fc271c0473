/** PodDisruptionBudgets: how many of some pods may be evicted at a time, or how many must stay. */
import { type FieldError, type IntOrString, invalidValue, validateLabelSelector } from "@kubets/machinery";
import { conditionsErrors } from "../conditions.ts";
import { define } from "../define.ts";
import { checkAtMostHundred, checkIntOrPercent, checkNonNegative, checkOneOf } from "../field-checks.ts";
import { poddisruptionbudgets } from "../generated/refs.ts";
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from "../generated/types/policy-v1.ts";
import { ownStatus, statusSubresource } from "../own-status.ts";
import { age, column, nameColumn } from "../table.ts";

export const podDisruptionBudgetResource = define(poddisruptionbudgets, {
  shortNames: ["pdb"],
  countsGeneration: true,
  unconditionalUpdate: false,
  ...ownStatus,
  validate,
  validateUpdate: validate,
  subresources: { status: statusSubresource(statusErrors) },
  table: {
    columns: [
      nameColumn,
      column("Min Available"),
      column("Max Unavailable"),
      column("Allowed Disruptions", "integer"),
      column("Age"),
    ],
    cells: ({ metadata, spec, status }, now) => [
      metadata.name,
      String(spec.minAvailable ?? "N/A"),
      String(spec.maxUnavailable ?? "N/A"),
      status.disruptionsAllowed ?? 0,
      age(metadata.creationTimestamp, now),
    ],
  },
});

function validate({ spec }: PodDisruptionBudget): FieldError[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec;
  const errors: FieldError[] = [];
  if (minAvailable != null && maxUnavailable != null)
    errors.push(invalidValue("spec", shownSpec(spec), "minAvailable and maxUnavailable cannot be both set"));
  if (minAvailable != null) errors.push(...amountErrors("spec.minAvailable", minAvailable));
  if (maxUnavailable != null) errors.push(...amountErrors("spec.maxUnavailable", maxUnavailable));
  errors.push(...validateLabelSelector(selector, "spec.selector"));
  if (policy != null)
    errors.push(...checkOneOf("spec.unhealthyPodEvictionPolicy", policy, ["AlwaysAllow", "IfHealthyBudget"]));
  return errors;
}

const amountErrors = (field: string, amount: IntOrString): FieldError[] => [
  ...checkIntOrPercent(field, amount),
  ...checkAtMostHundred(field, amount),
];

/** The spec as the original's errors show it. */
const shownSpec = (spec: PodDisruptionBudgetSpec) => ({
  MinAvailable: spec.minAvailable ?? null,
  Selector: spec.selector ?? null,
  MaxUnavailable: spec.maxUnavailable ?? null,
  UnhealthyPodEvictionPolicy: spec.unhealthyPodEvictionPolicy ?? null,
});

function statusErrors({ status }: PodDisruptionBudget): FieldError[] {
  return [
    ...conditionsErrors(status.conditions, "status.conditions"),
    ...checkNonNegative("status.disruptionsAllowed", status.disruptionsAllowed),
    ...checkNonNegative("status.currentHealthy", status.currentHealthy),
    ...checkNonNegative("status.desiredHealthy", status.desiredHealthy),
    ...checkNonNegative("status.expectedPods", status.expectedPods),
  ];
}
