/** Requests and limits of a container or a pod: names, amounts, and how the two lists stand to each other. */
import { duplicate, type FieldError, forbiddenField, invalidValue, notFoundValue, required } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import { labelKey } from "@kubets/machinery/names";
import { type Quantity, tryParseQuantity } from "@kubets/machinery/quantity";
import type { ResourceClaim, ResourceRequirements } from "../generated/types/core-v1.ts";
import { nameErrors, oneOf } from "./field-checks.ts";
import {
  isExtendedResource,
  isHugePages,
  isIntegerResource,
  isNativeResource,
  isStandardContainerResource,
  isStandardResource,
  mayOvercommit,
} from "./resource-names.ts";
import { isPodLevelResource } from "./resources.ts";

type ResourceNameCheck = (field: string, name: string) => FieldError[];

/** Any resource: what has no domain must be one of the system's own. */
export function resourceName(field: string, name: string): FieldError[] {
  const errors = nameErrors(field, name, labelKey);
  if (errors.length || name.includes("/") || isStandardResource(name)) return errors;
  return [invalidValue(field, name, "must be a standard resource type or fully qualified")];
}

export function containerResourceName(field: string, name: string): FieldError[] {
  const errors = resourceName(field, name);
  if (!name.includes("/")) {
    if (!isStandardContainerResource(name))
      errors.push(invalidValue(field, name, "must be a standard resource for containers"));
  } else if (!isNativeResource(name) && !isExtendedResource(name))
    errors.push(invalidValue(field, name, "doesn't follow extended resource name standard"));
  return errors;
}

export const podResourceName: ResourceNameCheck = (field, name) =>
  isPodLevelResource(name) ? [] : oneOf(field, name, ["cpu", "hugepages-", "memory"]);

/** Not negative, and whole where only whole units make sense. */
export function resourceAmount(field: string, name: string, text: string): FieldError[] {
  const quantity = tryParseQuantity(text);
  if (!quantity) return [];
  const errors = quantity.sign() < 0 ? [invalidValue(field, text, "must be greater than or equal to 0")] : [];
  if (isIntegerResource(name) && quantity.scaled(-3) % 1000n !== 0n)
    errors.push(invalidValue(field, text, "must be an integer"));
  return errors;
}

export function validateResources(
  resources: ResourceRequirements | undefined,
  field: string,
  checkName: ResourceNameCheck,
  claimNames: ReadonlySet<string>,
): FieldError[] {
  if (!resources) return [];
  const limits = sorted(resources.limits);
  const requests = sorted(resources.requests);
  const errors: FieldError[] = [];
  for (const [name, text] of limits) errors.push(...amountErrors(`${field}.limits[${name}]`, name, text, checkName));
  for (const [name, text] of requests) {
    errors.push(...amountErrors(`${field}.requests[${name}]`, name, text, checkName));
    errors.push(...againstLimit(field, name, text, resources.limits?.[name]));
  }
  const names = joined(limits, requests).map(([name]) => name);
  if (names.some(isHugePages) && !names.includes("cpu") && !names.includes("memory"))
    errors.push(forbiddenField(field, "HugePages require cpu or memory"));
  return joined(errors, claimErrors(resources.claims, claimNames, `${field}.claims`));
}

function amountErrors(field: string, name: string, text: string, checkName: ResourceNameCheck): FieldError[] {
  const errors = joined(checkName(field, name), resourceAmount(field, name, text));
  if (isHugePages(name) && !isMultipleOfPage(name, text))
    errors.push(invalidValue(field, text, `${text} is not positive integer multiple of ${name}`));
  return errors;
}

function isMultipleOfPage(name: string, text: string): boolean {
  const page = tryParseQuantity(name.slice("hugepages-".length));
  const amount = tryParseQuantity(text);
  if (!page || !amount || page.sign() <= 0) return false;
  return amount.sign() >= 0 && amount.scaled(0) % page.scaled(0) === 0n;
}

function againstLimit(field: string, name: string, text: string, limitText: string | undefined): FieldError[] {
  if (limitText === undefined)
    return mayOvercommit(name)
      ? []
      : [required(`${field}.limits`, "Limit must be set for non overcommitable resources")];
  const [request, limit] = [tryParseQuantity(text), tryParseQuantity(limitText)];
  if (!request || !limit) return [];
  if (!mayOvercommit(name) && !request.equals(limit))
    return [invalidValue(`${field}.requests`, text, `must be equal to ${name} limit of ${limitText}`)];
  if (above(request, limit))
    return [invalidValue(`${field}.requests`, text, `must be less than or equal to ${name} limit of ${limitText}`)];
  return [];
}

const above = (a: Quantity, b: Quantity) => a.compare(b) > 0;

function claimErrors(
  claims: readonly ResourceClaim[] | undefined,
  claimNames: ReadonlySet<string>,
  field: string,
): FieldError[] {
  const seen = new Map<string, Set<string>>();
  return (claims ?? []).flatMap(({ name, request = "" }, i) => {
    if (!name) return [required(`${field}[${i}]`)];
    const requests = seen.get(name) ?? new Set();
    seen.set(name, requests);
    const clashes = requests.has(request) || requests.has("") || (request === "" && requests.size > 0);
    requests.add(request);
    if (clashes) return [duplicate(`${field}[${i}]`, request ? `${name}/${request}` : name)];
    return claimNames.has(name) ? [] : [notFoundValue(`${field}[${i}]`, name)];
  });
}

const sorted = (list: Readonly<Record<string, string>> | undefined): [string, string][] =>
  list ? Object.entries(list).sort(([a], [b]) => (a < b ? -1 : 1)) : [];
