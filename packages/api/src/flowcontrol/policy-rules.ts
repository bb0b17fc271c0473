/** The checks of a flow schema's rules: subjects, and what they do to resources and other paths. */
import {
  dns1123Label,
  dns1123Subdomain,
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from "@kubets/machinery";
import { checkForm } from "../field-checks.ts";
import type {
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  ServiceAccountSubject,
  Subject,
} from "../generated/types/flowcontrol-v1.ts";

const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];

export function policyErrors(rule: PolicyRulesWithSubjects, field: string): FieldError[] {
  const { subjects, resourceRules = [], nonResourceRules = [] } = rule;
  const errors = (subjects ?? []).flatMap((subject, i) => subjectErrors(subject, `${field}.subjects[${i}]`));
  if (!subjects?.length) errors.push(required(`${field}.subjects`, "subjects must contain at least one value"));
  if (!resourceRules.length && !nonResourceRules.length)
    errors.push(required(field, "at least one of resourceRules and nonResourceRules has to be non-empty"));
  return [
    ...errors,
    ...resourceRules.flatMap((of, i) => resourceErrors(of, `${field}.resourceRules[${i}]`)),
    ...nonResourceRules.flatMap((of, i) => nonResourceErrors(of, `${field}.nonResourceRules[${i}]`)),
  ];
}

/** The field that each kind of subject has, and no other. */
const SUBJECT_FIELDS = { Group: "group", ServiceAccount: "serviceAccount", User: "user" } as const;
type SubjectKind = keyof typeof SUBJECT_FIELDS;
/** In the order in which the wrong ones are named. */
const OTHERS: Readonly<Record<SubjectKind, readonly SubjectKind[]>> = {
  ServiceAccount: ["User", "Group"],
  User: ["ServiceAccount", "Group"],
  Group: ["ServiceAccount", "User"],
};

function subjectErrors(subject: Subject, field: string): FieldError[] {
  if (!Object.hasOwn(SUBJECT_FIELDS, subject.kind))
    return [notSupported(`${field}.kind`, subject.kind, Object.keys(SUBJECT_FIELDS))];
  const kind = subject.kind as SubjectKind;
  const own = SUBJECT_FIELDS[kind];
  const at = `${field}.${own}`;
  const errors: FieldError[] = [];
  if (!subject[own]) errors.push(required(at, `${own} is required when subject kind is '${kind}'`));
  else if (kind === "ServiceAccount")
    errors.push(...accountErrors(subject.serviceAccount as ServiceAccountSubject, at));
  else if (!subject[own].name) errors.push(required(`${at}.name`));
  for (const other of OTHERS[kind]) {
    const name = SUBJECT_FIELDS[other];
    if (subject[name])
      errors.push(forbiddenField(`${field}.${name}`, `${name} is forbidden when subject kind is not '${other}'`));
  }
  return errors;
}

function accountErrors({ name, namespace }: ServiceAccountSubject, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(`${field}.name`));
  else if (name !== "*") errors.push(...checkForm(`${field}.name`, name, dns1123Subdomain));
  if (!namespace) return [...errors, required(`${field}.namespace`, "must specify namespace for service account")];
  return [...errors, ...checkForm(`${field}.namespace`, namespace, dns1123Label)];
}

/** "*" stands for all, and alone. */
function listErrors(list: readonly string[] | undefined, field: string, none: string, others: string): FieldError[] {
  if (!list?.length) return [required(field, none)];
  return list.includes("*") && list.length > 1
    ? [invalidValue(field, list, `if '*' is present, must not specify other ${others}`)]
    : [];
}

function verbErrors(verbs: readonly string[] | undefined, field: string): FieldError[] {
  const errors = listErrors(verbs, field, "verbs must contain at least one value", "verbs");
  if (errors.length || !verbs || verbs.includes("*") || verbs.every((verb) => VERBS.includes(verb))) return errors;
  return [notSupported(field, verbs, VERBS)];
}

function resourceErrors(rule: ResourcePolicyRule, field: string): FieldError[] {
  const { verbs, apiGroups, resources, namespaces, clusterScope } = rule;
  const at = `${field}.namespaces`;
  const errors = [
    ...verbErrors(verbs, `${field}.verbs`),
    ...listErrors(apiGroups, `${field}.apiGroups`, "resource rules must supply at least one api group", "api groups"),
    ...listErrors(resources, `${field}.resources`, "resource rules must supply at least one resource", "resources"),
  ];
  if (!namespaces.length)
    return clusterScope
      ? errors
      : [...errors, required(at, "resource rules that are not cluster scoped must supply at least one namespace")];
  if (namespaces.includes("*")) return [...errors, ...listErrors(namespaces, at, "", "namespaces")];
  return [...errors, ...namespaces.flatMap((name, i) => checkForm(`${at}[${i}]`, name, dns1123Label))];
}

function nonResourceErrors({ verbs, nonResourceURLs: urls }: NonResourcePolicyRule, field: string): FieldError[] {
  const at = `${field}.nonResourceURLs`;
  const errors = [
    ...verbErrors(verbs, `${field}.verbs`),
    ...listErrors(urls, at, "nonResourceURLs must contain at least one value", "non-resource URLs"),
  ];
  if (!urls?.length || urls.includes("*")) return errors;
  return [...errors, ...urls.flatMap((url, i) => pathErrors(url, `${at}[${i}]`))];
}

function pathErrors(path: string, field: string): FieldError[] {
  const wrong = (detail: string) => [invalidValue(field, path, detail)];
  if (path === "") return wrong("must not be empty");
  if (path === "/") return [];
  if (!path.startsWith("/")) return wrong("must start with slash");
  if (path.includes(" ")) return wrong("must not contain white-space");
  if (path.includes("//")) return wrong("must not contain double slash");
  const stars = path.split("*").length - 1;
  return stars > 1 || (stars === 1 && !path.endsWith("/*")) ? wrong("wildcard can only do suffix matching") : [];
}
