/** ClusterRoles: what may be done in all namespaces, beside them, and in whichever namespace a RoleBinding names them. */
import { type FieldError, invalidValue, pathSegmentName, required, validateLabelSelector } from "@kubets/machinery";
import { createdColumns } from "../created-columns.ts";
import { define } from "../define.ts";
import { clusterroles } from "../generated/refs.ts";
import type { ClusterRole } from "../generated/types/rbac-v1.ts";

import { policyRuleErrors } from "./policy-rule.ts";

export const clusterRoleResource = define(clusterroles, {
  validateName: pathSegmentName,
  createOnUpdate: true,
  validate,
  validateUpdate: validate,
  table: createdColumns,
});

function validate({ rules, aggregationRule }: ClusterRole): FieldError[] {
  return [...policyRuleErrors(rules, false), ...aggregationErrors(aggregationRule)];
}

function aggregationErrors(rule: ClusterRole["aggregationRule"]): FieldError[] {
  if (!rule) return [];
  const field = "aggregationRule.clusterRoleSelectors";
  const { clusterRoleSelectors: selectors = [] } = rule;
  if (!selectors.length)
    return [required(field, "at least one clusterRoleSelector required if aggregationRule is non-nil")];
  return selectors.flatMap((selector, i) => {
    const errors = validateLabelSelector(selector, `${field}[${i}]`);
    // The original names the selector once more, as the nothing that it could make of it.
    return errors.length ? [...errors, invalidValue(`${field}[${i}]`, null, "invalid label selector.")] : [];
  });
}
