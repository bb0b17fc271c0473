/** Which requests a webhook or policy is about: operations on resources of groups and versions. "*" stands for all, and alone. */
import {
  duplicate,
  type FieldError,
  invalidValue,
  pathSegmentName,
  required,
  validateLabelSelector,
} from "@kubets/machinery";
import { checkOneOf } from "../field-checks.ts";
import type {
  MatchResources,
  NamedRuleWithOperations,
  RuleWithOperations,
} from "../generated/types/admissionregistration-v1.ts";
import type { Draft } from "../meta.ts";

const OPERATIONS = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const SCOPES = ["*", "Cluster", "Namespaced"];
export const MATCH_POLICIES = ["Equivalent", "Exact"];
export const FAILURE_POLICIES = ["Fail", "Ignore"];

export function defaultRules(rules: readonly Draft<RuleWithOperations>[] | undefined): void {
  for (const rule of rules ?? []) rule.scope ??= "*";
}

export function defaultMatchResources(resources: Draft<MatchResources> | undefined): void {
  if (!resources) return;
  resources.matchPolicy ??= "Equivalent";
  resources.namespaceSelector ??= {};
  resources.objectSelector ??= {};
  defaultRules(resources.resourceRules);
  defaultRules(resources.excludeResourceRules);
}

/** A list in which "*" stands alone. */
function listErrors(list: readonly string[] | undefined, field: string, others: string): FieldError[] {
  if (!list?.length) return [required(field)];
  return list.length > 1 && list.includes("*")
    ? [invalidValue(field, list, `if '*' is present, must not specify other ${others}`)]
    : [];
}

export function ruleErrors(rule: RuleWithOperations, field: string): FieldError[] {
  const { operations, apiGroups, apiVersions, resources, scope } = rule;
  return [
    ...listErrors(operations, `${field}.operations`, "operations"),
    ...(operations ?? []).flatMap((operation, i) => checkOneOf(`${field}.operations[${i}]`, operation, OPERATIONS)),
    ...listErrors(apiGroups, `${field}.apiGroups`, "API groups"),
    ...listErrors(apiVersions, `${field}.apiVersions`, "API versions"),
    ...(apiVersions ?? []).flatMap((version, i) => (version === "" ? [required(`${field}.apiVersions[${i}]`)] : [])),
    ...resourcesErrors(resources ?? [], `${field}.resources`),
    ...(scope == null ? [] : checkOneOf(`${field}.scope`, scope, SCOPES)),
  ];
}

/** Resources may be named with their subresources; what one entry covers, no other may name. */
function resourcesErrors(resources: readonly string[], field: string): FieldError[] {
  if (!resources.length) return [required(field)];
  const errors: FieldError[] = [];
  const allOf = new Set<string>();
  const ofAll = new Set<string>();
  for (const [i, text] of resources.entries()) {
    const at = `${field}[${i}]`;
    if (text === "") errors.push(required(at));
    const slash = text.indexOf("/");
    if (slash < 0) continue;
    const [resource, subresource] = [text.slice(0, slash), text.slice(slash + 1)];
    const covered = (by: string) =>
      errors.push(invalidValue(at, text, `if '${by}' is present, must not specify ${text}`));
    if (allOf.has(resource)) covered(`${resource}/*`);
    if (ofAll.has(subresource)) covered(`*/${subresource}`);
    if (subresource === "*") allOf.add(resource);
    if (resource === "*") ofAll.add(subresource);
  }
  if (resources.length > 1 && resources.includes("*/*"))
    errors.push(invalidValue(field, resources, "if '*/*' is present, must not specify other resources"));
  if (resources.includes("*") && resources.some((text) => text !== "*" && text !== "" && !text.includes("/"))) {
    const detail = "if '*' is present, must not specify other resources without subresources";
    errors.push(invalidValue(field, resources, detail));
  }
  return errors;
}

export function matchResourcesErrors(resources: MatchResources, field: string): FieldError[] {
  const { matchPolicy, namespaceSelector, objectSelector } = resources;
  return [
    ...(matchPolicy == null
      ? [required(`${field}.matchPolicy`)]
      : checkOneOf(`${field}.matchPolicy`, matchPolicy, MATCH_POLICIES)),
    ...(namespaceSelector
      ? validateLabelSelector(namespaceSelector, `${field}.namespaceSelector`)
      : [required(`${field}.namespaceSelector`)]),
    ...(objectSelector
      ? validateLabelSelector(objectSelector, `${field}.objectSelector`)
      : [required(`${field}.objectSelector`)]),
    ...(resources.resourceRules ?? []).flatMap((rule, i) => namedRuleErrors(rule, `${field}.resourceRules[${i}]`)),
    ...(resources.excludeResourceRules ?? []).flatMap((rule, i) =>
      namedRuleErrors(rule, `${field}.excludeResourceRules[${i}]`),
    ),
  ];
}

/** What a policy is about must be said: its expressions get their types from there. */
export function constraintsErrors(resources: MatchResources | undefined, field: string): FieldError[] {
  if (!resources) return [required(field)];
  const errors = matchResourcesErrors(resources, field);
  return resources.resourceRules?.length ? errors : [...errors, required(`${field}.resourceRules`)];
}

function namedRuleErrors(rule: NamedRuleWithOperations, field: string): FieldError[] {
  const names = rule.resourceNames ?? [];
  return [
    ...names.flatMap((name, i) => nameErrors(name, names.indexOf(name) < i, `${field}.resourceNames[${i}]`)),
    ...ruleErrors(rule, field),
  ];
}

function nameErrors(name: string, isTwice: boolean, field: string): FieldError[] {
  if (name === "") return [required(field)];
  const texts = pathSegmentName(name);
  const errors = texts.length ? [invalidValue(field, name, texts.join(","))] : [];
  return isTwice ? [...errors, duplicate(field, name)] : errors;
}
