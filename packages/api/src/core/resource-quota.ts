/** Resource quotas: how much all objects of a namespace together may ask for. */
import { type FieldError, invalidValue, required } from "@kubets/machinery";
import { define, keepPart, statusPart } from "../define.ts";
import { resourcequotas } from "../generated/refs.ts";
import type {
  ResourceQuota,
  ResourceQuotaSpec,
  ScopedResourceSelectorRequirement,
} from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import { immutable } from "../pod/field-checks.ts";
import { internalForm } from "../pod/internal-form.ts";
import { isStandardQuotaResource } from "../pod/resource-names.ts";
import { roundResources } from "../pod/round-resources.ts";
import { resourceAmount, resourceName } from "../pod/validate-resources.ts";
import { age, column, nameColumn } from "../table.ts";
import { CONFLICTING_SCOPES, EXISTS_ONLY, isScope, scopeCounts } from "./quota-scopes.ts";

type ResourceList = Readonly<Record<string, string>>;

export const resourceQuotaResource = define(resourcequotas, {
  shortNames: ["quota"],
  defaults: ({ spec, status }) => {
    roundResources(spec?.hard);
    roundResources(status?.hard);
    roundResources(status?.used);
  },
  prepareForCreate: (quota: Draft<ResourceQuota>) => {
    quota.status = {};
  },
  prepareForUpdate: (quota, old) => keepPart(quota, old, "status"),
  validate: ({ spec }) => specErrors(spec),
  validateUpdate: ({ spec }, old) => [...specErrors(spec), ...scopeChanges(spec, old.spec)],
  subresources: {
    status: statusPart<ResourceQuota>({
      validateUpdate: ({ status }) => [
        ...listErrors(status.hard, "status.hard"),
        ...listErrors(status.used, "status.used"),
      ],
    }),
  },
  table: {
    columns: [nameColumn, column("Request"), column("Limit"), column("Age")],
    cells: (quota, now) => [
      quota.metadata.name,
      usage(quota, (name) => !name.startsWith("limits")),
      usage(quota, (name) => name.startsWith("limits")),
      age(quota.metadata.creationTimestamp, now),
    ],
  },
});

const usage = ({ status }: ResourceQuota, counts: (name: string) => boolean): string =>
  Object.entries(status.hard ?? {})
    .filter(([name]) => counts(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hard]) => `${name}: ${status.used?.[name] ?? "0"}/${hard}`)
    .join(", ");

const specErrors = (spec: ResourceQuotaSpec): FieldError[] => [
  ...listErrors(spec.hard, "spec.hard"),
  ...scopeErrors(spec),
  ...selectorErrors(spec),
];

const listErrors = (list: ResourceList | undefined, field: string): FieldError[] =>
  Object.entries(list ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, text]) => {
      const at = `${field}[${name}]`;
      const errors = resourceName(at, name);
      if (!name.includes("/") && !isStandardQuotaResource(name))
        errors.push(invalidValue(at, name, "must be a standard resource for quota"));
      return [...errors, ...resourceAmount(at, name, text)];
    });

/** A scope that says nothing of a resource cannot bound it. */
const unfit = (scope: string, hard: ResourceList | undefined): string[] =>
  Object.keys(hard ?? {})
    .sort()
    .filter((name) => isStandardQuotaResource(name) && !scopeCounts(scope, name));

function scopeErrors({ scopes, hard }: ResourceQuotaSpec): FieldError[] {
  if (!scopes?.length) return [];
  const says = (detail: string) => invalidValue("spec.scopes", scopes, detail);
  const errors = scopes.flatMap((scope) => [
    ...(isScope(scope) ? [] : [says("unsupported scope")]),
    ...unfit(scope, hard).map(() => says("unsupported scope applied to resource")),
  ]);
  return [...errors, ...conflicts(new Set(scopes)).map(() => says("conflicting scopes"))];
}

const conflicts = (scopes: ReadonlySet<string>) =>
  CONFLICTING_SCOPES.filter((pair) => pair.every((it) => scopes.has(it)));

function selectorErrors({ scopeSelector, hard }: ResourceQuotaSpec): FieldError[] {
  if (!scopeSelector) return [];
  const field = "spec.scopeSelector";
  const requirements = scopeSelector.matchExpressions ?? [];
  const says = (detail: string) => invalidValue(field, internalForm("ScopeSelector", scopeSelector), detail);
  const errors = requirements.flatMap((requirement) => requirementErrors(requirement, `${field}.matchExpressions`));
  for (const { scopeName } of requirements)
    errors.push(...unfit(scopeName, hard).map(() => says("unsupported scope applied to resource")));
  const exists = requirements.filter(({ operator }) => operator === "Exists").map(({ scopeName }) => scopeName);
  return [...errors, ...conflicts(new Set(exists)).map(() => says("conflicting scopes"))];
}

const ONLY_EXISTS =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";

function requirementErrors(
  { scopeName, operator, values }: ScopedResourceSelectorRequirement,
  at: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!isScope(scopeName)) errors.push(invalidValue(`${at}.scopeName`, scopeName, "unsupported scope"));
  if (EXISTS_ONLY.includes(scopeName) && operator !== "Exists")
    errors.push(invalidValue(`${at}.operator`, operator, ONLY_EXISTS));
  const count = values?.length ?? 0;
  if (operator === "In" || operator === "NotIn") {
    const detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    if (count === 0) errors.push(required(`${at}.values`, detail));
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    const detail = "must be no value when `operator` is 'Exists' or 'DoesNotExist' for scope selector";
    if (count > 0) errors.push(invalidValue(`${at}.values`, values, detail));
  } else errors.push(invalidValue(`${at}.operator`, operator, "not a valid selector operator"));
  return errors;
}

function scopeChanges({ scopes = [] }: ResourceQuotaSpec, old: ResourceQuotaSpec): FieldError[] {
  const [now, before] = [new Set(scopes), new Set(old.scopes)];
  return now.size === before.size && [...now].every((scope) => before.has(scope))
    ? []
    : [invalidValue("spec.scopes", scopes, immutable)];
}
