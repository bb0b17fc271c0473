/** The rules of roles: verbs on resources of API groups, or on paths that are no resources, never on both. */
import { type FieldError, invalidValue, required } from "@kubets/machinery";
import type { PolicyRule } from "../generated/types/rbac-v1.ts";

export function policyRuleErrors(rules: readonly PolicyRule[] | undefined, namespaced: boolean): FieldError[] {
  return (rules ?? []).flatMap((rule, i) => ruleErrors(rule, namespaced, `rules[${i}]`));
}

function ruleErrors(rule: PolicyRule, namespaced: boolean, field: string): FieldError[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs: urls = [] } = rule;
  const errors: FieldError[] = [];
  const urlField = `${field}.nonResourceURLs`;
  if (!verbs?.length) errors.push(required(`${field}.verbs`, "verbs must contain at least one value"));

  if (urls.length) {
    if (namespaced) errors.push(invalidValue(urlField, urls, "namespaced rules cannot apply to non-resource URLs"));
    if (apiGroups.length || resources.length || resourceNames.length)
      errors.push(invalidValue(urlField, urls, "rules cannot apply to both regular resources and non-resource URLs"));
    return errors;
  }
  if (!apiGroups.length)
    errors.push(required(`${field}.apiGroups`, "resource rules must supply at least one api group"));
  if (!resources.length)
    errors.push(required(`${field}.resources`, "resource rules must supply at least one resource"));
  return errors;
}
