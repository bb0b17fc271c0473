/** Node selectors: of pods, of persistent volumes, of resource slices. */
import { type FieldError, forbiddenField, invalidValue, required } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import { dns1123Subdomain, labelKey, labelValue } from "@kubets/machinery/names";
import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from "../generated/types/core-v1.ts";
import { nameErrors } from "./field-checks.ts";

export function validateNodeSelector(selector: NodeSelector, field: string): FieldError[] {
  const at = `${field}.nodeSelectorTerms`;
  const { nodeSelectorTerms: terms } = selector;
  if (!terms?.length) return [required(at, "must have at least one node selector term")];
  return terms.flatMap((term, i) => validateNodeTerm(term, `${at}[${i}]`));
}

/** A wish that no node can meet does no harm: its values may be any. */
export const validateNodeTerm = (term: NodeSelectorTerm, field: string, isWish = false): FieldError[] =>
  joined(
    (term.matchExpressions ?? []).flatMap((it, i) => expressionErrors(it, `${field}.matchExpressions[${i}]`, isWish)),
    (term.matchFields ?? []).flatMap((it, i) => fieldErrors(it, `${field}.matchFields[${i}]`)),
  );

function expressionErrors(requirement: NodeSelectorRequirement, field: string, anyValue: boolean): FieldError[] {
  const { key, values = [] } = requirement;
  const errors = operatorErrors(requirement, field);
  errors.push(...nameErrors(`${field}.key`, key ?? "", labelKey));
  if (anyValue) return errors;
  return joined(
    errors,
    values.flatMap((value, i) => nameErrors(`${field}.values[${i}]`, value, labelValue)),
  );
}

function operatorErrors({ operator, values = [] }: NodeSelectorRequirement, field: string): FieldError[] {
  const at = `${field}.values`;
  switch (operator) {
    case "In":
    case "NotIn":
      return values.length ? [] : [required(at, "must be specified when `operator` is 'In' or 'NotIn'")];
    case "Exists":
    case "DoesNotExist":
      return values.length
        ? [forbiddenField(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")]
        : [];
    case "Gt":
    case "Lt":
      return values.length === 1
        ? []
        : [required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'")];
    default:
      return [invalidValue(`${field}.operator`, operator ?? "", "not a valid selector operator")];
  }
}

/** Of the fields of a node only its name can be asked for. */
function fieldErrors({ key, operator, values = [] }: NodeSelectorRequirement, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (operator !== "In" && operator !== "NotIn")
    errors.push(invalidValue(`${field}.operator`, operator ?? "", "not a valid selector operator"));
  else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(`${field}.values`, detail));
  }
  if (key !== "metadata.name")
    return [...errors, invalidValue(`${field}.key`, key ?? "", "not a valid field selector key")];
  return joined(
    errors,
    values.flatMap((value, i) => nameErrors(`${field}.values[${i}]`, value, dns1123Subdomain)),
  );
}
