/** The checks of how a StatefulSet makes, updates and cleans up. */
import { type FieldError, invalidValue, required } from "@kubets/machinery";
import { checkAtMostHundred, checkIntOrPercent, checkNonNegative, checkOneOf } from "../field-checks.ts";
import type {
  RollingUpdateStatefulSetStrategy,
  StatefulSetPersistentVolumeClaimRetentionPolicy,
  StatefulSetUpdateStrategy,
} from "../generated/types/apps-v1.ts";
import { amountOf } from "./deployment.ts";

export function managementErrors(policy: string | undefined): FieldError[] {
  const field = "spec.podManagementPolicy";
  if (!policy) return [required(field)];
  if (policy === "OrderedReady" || policy === "Parallel") return [];
  return [invalidValue(field, policy, "must be 'OrderedReady' or 'Parallel'")];
}

export function updateStrategyErrors(strategy: StatefulSetUpdateStrategy, field: string): FieldError[] {
  const { type, rollingUpdate } = strategy;
  const at = `${field}.rollingUpdate`;
  switch (type ?? "") {
    case "":
      return [required(field)];
    case "OnDelete":
      return rollingUpdate
        ? [invalidValue(at, shown(rollingUpdate), "only allowed for updateStrategy 'RollingUpdate'")]
        : [];
    case "RollingUpdate":
      return rollingUpdate ? rollingErrors(rollingUpdate, at) : [];
    default: {
      const value = { Type: type, RollingUpdate: rollingUpdate ? shown(rollingUpdate) : null };
      return [invalidValue(field, value, "must be 'RollingUpdate' or 'OnDelete'")];
    }
  }
}

const shown = ({ partition = 0, maxUnavailable }: RollingUpdateStatefulSetStrategy) => ({
  Partition: partition,
  MaxUnavailable: maxUnavailable ?? null,
});

function rollingErrors({ partition, maxUnavailable }: RollingUpdateStatefulSetStrategy, field: string): FieldError[] {
  const errors = checkNonNegative(`${field}.partition`, partition);
  if (maxUnavailable == null) return errors;
  const at = `${field}.maxUnavailable`;
  errors.push(...checkIntOrPercent(at, maxUnavailable));
  if (amountOf(maxUnavailable) === 0) errors.push(invalidValue(at, maxUnavailable, "cannot be 0"));
  return [...errors, ...checkAtMostHundred(at, maxUnavailable)];
}

export function retentionErrors(
  policy: StatefulSetPersistentVolumeClaimRetentionPolicy | undefined,
  field: string,
): FieldError[] {
  if (!policy) return [];
  const choices = ["Retain", "Delete"];
  return [
    ...checkOneOf(`${field}.whenDeleted`, policy.whenDeleted, choices),
    ...checkOneOf(`${field}.whenScaled`, policy.whenScaled, choices),
  ];
}
