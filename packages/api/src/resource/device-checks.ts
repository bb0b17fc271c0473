/** The checks of devices wherever they are asked for: selectors, drivers' own parameters, tolerations. */
import {
  dns1123Label,
  dns1123Subdomain,
  type FieldError,
  forbiddenField,
  invalidValue,
  labelKey,
  labelValue,
  notSupported,
  required,
  tooLong,
  tooMany,
} from "@kubets/machinery";
import { checkForm, checkRequired } from "../field-checks.ts";
import type { DeviceSelector, DeviceToleration, OpaqueDeviceConfiguration } from "../generated/types/resource-v1.ts";
import type { WriteContext } from "../resource.ts";
import { deviceExpression, MAX_COST, type Words } from "./device-expression.ts";
import { LIST_ATTRIBUTES } from "./list-attributes.ts";

const MAX_SELECTORS = 32;
const MAX_DRIVER = 63;
const MAX_TOLERATIONS = 16;
const MAX_EXPRESSION = 10 * 1024;

export function driverErrors(driver: string | undefined, field: string): FieldError[] {
  const errors = checkRequired(field, driver, dns1123Subdomain);
  return (driver?.length ?? 0) > MAX_DRIVER ? [...errors, tooLong(field, MAX_DRIVER)] : errors;
}

/** One or more subdomains with slashes between. */
export function poolNameErrors(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)];
  const errors = Buffer.byteLength(name) > 253 ? [tooLong(field, 253)] : [];
  return [...errors, ...name.split("/").flatMap((part) => checkForm(field, part, dns1123Subdomain))];
}

export const labelErrors = (name: string | undefined, field: string): FieldError[] =>
  checkRequired(field, name, dns1123Label);

/** Expressions that are stored already may use all there is; new ones what features that are on give them. */
export function selectorsErrors(
  selectors: readonly DeviceSelector[] | undefined,
  words: Words,
  field: string,
): FieldError[] {
  const list = selectors ?? [];
  if (list.length > MAX_SELECTORS) return [tooMany(field, list.length, MAX_SELECTORS)];
  return list.flatMap(({ cel }, i) => {
    const at = `${field}[${i}].cel`;
    if (!cel) return [required(at)];
    return expressionErrors(cel.expression ?? "", words, `${at}.expression`);
  });
}

export const newWords = ({ featureEnabled }: Pick<WriteContext, "featureEnabled">): Words =>
  featureEnabled(LIST_ATTRIBUTES) ? "all" : "without lists";

function expressionErrors(expression: string, words: Words, field: string): FieldError[] {
  if (Buffer.byteLength(expression) > MAX_EXPRESSION) return [tooLong(field, MAX_EXPRESSION)];
  const compiled = deviceExpression(expression, words);
  if ("error" in compiled) return [invalidValue(field, expression, compiled.error)];
  return compiled.program.estimateCost().max > MAX_COST
    ? [forbiddenField(field, "too complex, exceeds cost limit")]
    : [];
}

export function opaqueErrors(opaque: OpaqueDeviceConfiguration | undefined, field: string): FieldError[] {
  if (!opaque) return [required(field)];
  const { driver, parameters } = opaque;
  const errors = driverErrors(driver, `${field}.driver`);
  if (parameters == null) return [...errors, required(`${field}.parameters`)];
  return typeof parameters === "object" && !Array.isArray(parameters)
    ? errors
    : [...errors, invalidValue(`${field}.parameters`, "<value omitted>", "must be a valid JSON object")];
}

export function tolerationsErrors(tolerations: readonly DeviceToleration[] | undefined, field: string): FieldError[] {
  const list = tolerations ?? [];
  if (list.length > MAX_TOLERATIONS) return [tooMany(field, list.length, MAX_TOLERATIONS)];
  return list.flatMap((toleration, i) => tolerationErrors(toleration, `${field}[${i}]`));
}

export const TAINT_EFFECTS = ["NoExecute", "NoSchedule", "None"];

function tolerationErrors({ key, operator, value, effect }: DeviceToleration, field: string): FieldError[] {
  const errors = key ? checkForm(`${field}.key`, key, labelKey) : [];
  switch (operator) {
    case "Exists":
      if (value) errors.push(invalidValue(`${field}.value`, value, "must be empty for operator `Exists`"));
      break;
    case "Equal":
      errors.push(...checkForm(`${field}.value`, value ?? "", labelValue));
      break;
    default:
      errors.push(
        operator ? notSupported(`${field}.operator`, operator, ["Equal", "Exists"]) : required(`${field}.operator`),
      );
  }
  if (effect && !TAINT_EFFECTS.includes(effect)) errors.push(notSupported(`${field}.effect`, effect, TAINT_EFFECTS));
  return errors;
}
