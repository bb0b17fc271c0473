/** What a claim asks for: requests for devices, what holds between them, and parameters for their drivers. */
import {
  dns1123Subdomain,
  duplicate,
  type FieldError,
  invalidValue,
  notSupported,
  required,
  tooMany,
} from "@kubets/machinery";
import { checkRequired } from "../field-checks.ts";
import type {
  DeviceClaim,
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  ExactDeviceRequest,
  ResourceClaimSpec,
} from "../generated/types/resource-v1.ts";
import type { Draft } from "../meta.ts";
import type { WriteContext } from "../resource.ts";
import { labelErrors, newWords, opaqueErrors, selectorsErrors, tolerationsErrors } from "./device-checks.ts";
import type { Words } from "./device-expression.ts";

const MAX_REQUESTS = 32;
const MAX_SUBREQUESTS = 8;
const ONE_FORM = "exactly one of `exactly` or `firstAvailable` is required";
const NOT_A_REQUEST =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

export function defaultClaimSpec({ devices }: Draft<ResourceClaimSpec>): void {
  for (const { exactly, firstAvailable } of devices?.requests ?? [])
    for (const request of [...(exactly ? [exactly] : []), ...(firstAvailable ?? [])]) {
      request.allocationMode ||= "ExactCount";
      if (request.allocationMode === "ExactCount") request.count ||= 1;
      for (const toleration of request.tolerations ?? []) toleration.operator ||= "Equal";
    }
}

/** The names by which results and parameters speak of requests: "gpu", "gpu/small". */
export const requestNames = ({ requests }: DeviceClaim): Set<string> =>
  new Set(
    (requests ?? []).flatMap(({ name, firstAvailable }) => [
      name,
      ...(firstAvailable ?? []).map((part) => `${name}/${part.name}`),
    ]),
  );

/** Of a new claim: what it asks for does not change. */
export function claimSpecErrors({ devices }: ResourceClaimSpec, context: WriteContext, field: string): FieldError[] {
  const at = `${field}.devices`;
  const requests = devices?.requests ?? [];
  const names = requestNames(devices ?? { requests: [] });
  const words = newWords(context);
  const check = (request: DeviceRequest, each: string) => requestErrors(request, words, each);
  const errors = listErrors(requests, MAX_REQUESTS, check, `${at}.requests`);
  for (const [i, constraint] of (devices?.constraints ?? []).entries())
    errors.push(...constraintErrors(constraint, names, `${at}.constraints[${i}]`));
  for (const [i, config] of (devices?.config ?? []).entries()) {
    errors.push(...namedErrors(config.requests, names, `${at}.config[${i}].requests`));
    errors.push(...opaqueErrors(config.opaque, `${at}.config[${i}].opaque`));
  }
  return errors;
}

/** Things with names, each of which stands there once. */
function listErrors<T extends { readonly name: string }>(
  list: readonly T[],
  max: number,
  check: (item: T, field: string) => FieldError[],
  field: string,
): FieldError[] {
  if (list.length > max) return [tooMany(field, list.length, max)];
  const names = list.map(({ name }) => name);
  return list.flatMap((item, i) => [
    ...check(item, `${field}[${i}]`),
    ...(names.indexOf(item.name) < i ? [duplicate(`${field}[${i}]`, item.name)] : []),
  ]);
}

function requestErrors({ name, exactly, firstAvailable }: DeviceRequest, words: Words, field: string): FieldError[] {
  const errors = labelErrors(name, `${field}.name`);
  const alternatives = firstAvailable ?? [];
  if (!exactly && !alternatives.length) return [...errors, required(field, ONE_FORM)];
  if (exactly && alternatives.length)
    return [...errors, invalidValue(field, null, `${ONE_FORM}, but multiple fields are set`)];
  if (exactly) return [...errors, ...exactErrors(exactly, words, `${field}.exactly`)];
  const check = (request: DeviceSubRequest, at: string) => [
    ...labelErrors(request.name, `${at}.name`),
    ...exactErrors(request, words, at),
  ];
  return [...errors, ...listErrors(alternatives, MAX_SUBREQUESTS, check, `${field}.firstAvailable`)];
}

function exactErrors(request: ExactDeviceRequest | DeviceSubRequest, words: Words, field: string): FieldError[] {
  const { deviceClassName, selectors, allocationMode: mode, count = 0, tolerations } = request;
  const errors = checkRequired(`${field}.deviceClassName`, deviceClassName, dns1123Subdomain);
  errors.push(...selectorsErrors(selectors, words, `${field}.selectors`));
  if (mode === "ExactCount") {
    if (count <= 0) errors.push(invalidValue(`${field}.count`, count, "must be greater than zero"));
  } else if (mode === "All") {
    if (count !== 0)
      errors.push(invalidValue(`${field}.count`, count, "must not be specified when allocationMode is 'All'"));
  } else errors.push(notSupported(`${field}.allocationMode`, mode, ["All", "ExactCount"]));
  return [...errors, ...tolerationsErrors(tolerations, `${field}.tolerations`)];
}

export const namedErrors = (
  requests: readonly string[] | undefined,
  names: ReadonlySet<string>,
  field: string,
): FieldError[] =>
  (requests ?? []).flatMap((name, i) => {
    const at = `${field}[${i}]`;
    const errors = names.has(name) ? [] : [invalidValue(at, name, NOT_A_REQUEST)];
    return (requests ?? []).indexOf(name) < i ? [...errors, duplicate(at, name)] : errors;
  });

export const requestNameError = (name: string, names: ReadonlySet<string>, field: string): FieldError[] =>
  names.has(name) ? [] : [invalidValue(field, name, NOT_A_REQUEST)];

function constraintErrors(constraint: DeviceConstraint, names: ReadonlySet<string>, field: string): FieldError[] {
  const { requests, matchAttribute, distinctAttribute } = constraint;
  const errors = namedErrors(requests, names, `${field}.requests`);
  if (matchAttribute != null) return [...errors, ...attributeErrors(matchAttribute, `${field}.matchAttribute`)];
  if (distinctAttribute != null)
    return [...errors, ...attributeErrors(distinctAttribute, `${field}.distinctAttribute`)];
  return [...errors, required(field, "exactly one of `matchAttribute` or `distinctAttribute` is required")];
}

/** An attribute is named with its domain here, since no driver is. */
function attributeErrors(name: string, field: string): FieldError[] {
  if (!name) return [required(field)];
  return name.includes("/") ? [] : [invalidValue(field, name, "must include a domain")];
}
