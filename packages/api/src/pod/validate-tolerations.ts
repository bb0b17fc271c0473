/** Tolerations of pods and runtime classes. */
import { type FieldError, invalidValue, notSupported } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import { labelKey, labelValue } from "@kubets/machinery/names";
import type { Toleration } from "../generated/types/core-v1.ts";
import type { WriteContext } from "../resource.ts";
import { known, nameErrors } from "./field-checks.ts";

export const TAINT_EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;

export const validateTolerations = (
  tolerations: readonly Toleration[] | undefined,
  field: string,
  write: WriteContext,
): FieldError[] =>
  (tolerations ?? []).flatMap((toleration, i) => tolerationErrors(toleration, `${field}[${i}]`, write));

function tolerationErrors(toleration: Toleration, at: string, write: WriteContext): FieldError[] {
  const { key, operator = "", effect, tolerationSeconds } = toleration;
  const errors = key ? nameErrors(`${at}.key`, key, labelKey) : [];
  if (!key && operator !== "Exists") {
    const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalidValue(`${at}.operator`, operator, detail));
  }
  if (tolerationSeconds !== undefined && effect !== "NoExecute") {
    const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    errors.push(invalidValue(`${at}.effect`, effect ?? "", detail));
  }
  errors.push(...operatorErrors(toleration, `${at}.operator`, write));
  return effect ? joined(errors, known(`${at}.effect`, effect, TAINT_EFFECTS)) : errors;
}

function operatorErrors({ operator, value = "" }: Toleration, field: string, write: WriteContext): FieldError[] {
  switch (operator ?? "") {
    case "":
    case "Equal": {
      const texts = labelValue(value);
      return texts.length ? [invalidValue(field, value, texts.join(";"))] : [];
    }
    case "Exists":
      return value ? [invalidValue(field, value, "value must be empty when `operator` is 'Exists'")] : [];
    case "Lt":
    case "Gt":
      if (!write.featureEnabled("TaintTolerationComparisonOperators"))
        return [notSupported(field, operator, ["Equal", "Exists", "Lt", "Gt"])];
      return /^(0|-?[1-9]\d*)$/.test(value)
        ? []
        : [invalidValue(field, value, "value must be a valid integer when `operator` is 'Lt' or 'Gt'")];
    default:
      return [notSupported(field, operator, ["Equal", "Exists"])];
  }
}
