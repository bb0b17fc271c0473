/** Limit ranges: how much one pod, container or claim of a namespace may ask for, and what it gets when it does not say. */
import { duplicate, type FieldError, forbiddenField, invalidValue, required } from "@kubets/machinery";
import { labelKey } from "@kubets/machinery/names";
import { parseQuantity, type Quantity } from "@kubets/machinery/quantity";
import { define } from "../define.ts";
import { limitranges } from "../generated/refs.ts";
import type { LimitRange, LimitRangeItem } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import { nameErrors } from "../pod/field-checks.ts";
import { mayOvercommit } from "../pod/resource-names.ts";
import { roundResources } from "../pod/round-resources.ts";
import { containerResourceName, resourceName } from "../pod/validate-resources.ts";
import { column, nameColumn } from "../table.ts";

const LISTS = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] as const;
type List = (typeof LISTS)[number];
const TYPES = ["Pod", "Container", "PersistentVolumeClaim"];

export const limitRangeResource = define(limitranges, {
  shortNames: ["limits"],
  defaults: ({ spec }) => {
    for (const item of spec?.limits ?? []) defaultItem(item);
  },
  validate,
  validateUpdate: validate,
  table: {
    columns: [nameColumn, column("Created At", "date")],
    cells: ({ metadata }) => [metadata.name, metadata.creationTimestamp],
  },
});

function defaultItem(item: Draft<LimitRangeItem>): void {
  for (const list of LISTS) roundResources(item[list]);
  if (item.type !== "Container") return;
  const limits = { ...item.max, ...item.default };
  const requests = { ...item.min, ...limits, ...item.defaultRequest };
  if (Object.keys(limits).length) item.default = limits;
  if (Object.keys(requests).length) item.defaultRequest = requests;
}

function validate({ spec }: LimitRange): FieldError[] {
  const seen = new Set<string>();
  return (spec.limits ?? []).flatMap((item, i) => {
    const at = `spec.limits[${i}]`;
    const errors = typeErrors(item.type ?? "", `${at}.type`);
    if (seen.has(item.type)) errors.push(duplicate(`${at}.type`, item.type));
    seen.add(item.type);
    return [...errors, ...listErrors(item, at), ...amountErrors(item, at)];
  });
}

function typeErrors(type: string, field: string): FieldError[] {
  const errors = nameErrors(field, type, labelKey);
  if (errors.length || type.includes("/") || TYPES.includes(type)) return errors;
  return [invalidValue(field, type, "must be a standard limit type or fully qualified")];
}

function listErrors(item: LimitRangeItem, at: string): FieldError[] {
  const checkName = item.type === "Pod" || item.type === "Container" ? containerResourceName : resourceName;
  const names = (list: List) =>
    Object.keys(item[list] ?? {})
      .sort()
      .flatMap((name) => checkName(`${at}.${list}[${name}]`, name));
  const errors = [...names("max"), ...names("min")];
  for (const list of ["default", "defaultRequest"] as const) {
    if (item.type !== "Pod") errors.push(...names(list));
    else if (item[list]) errors.push(forbiddenField(`${at}.${list}`, "may not be specified when `type` is 'Pod'"));
  }
  if (item.type === "PersistentVolumeClaim" && !item.min?.storage && !item.max?.storage) {
    const detail = "either minimum or maximum storage value is required, but neither was provided";
    errors.push(required(`${at}.limits`, detail));
  }
  return [...errors, ...names("maxLimitRequestRatio")];
}

/** For each resource, that no bound contradicts another. */
function amountErrors(item: LimitRangeItem, at: string): FieldError[] {
  const names = new Set(LISTS.flatMap((list) => Object.keys(item[list] ?? {})));
  return [...names].sort().flatMap((name) => boundErrors(item, name, at));
}

/** [the larger must not be above, the other, whose field is blamed, whose amount is shown, what is said]. */
const ORDERS: readonly [List, List, List, List, string][] = [
  ["min", "max", "min", "min", "min value %a is greater than max value %b"],
  [
    "min",
    "defaultRequest",
    "defaultRequest",
    "defaultRequest",
    "min value %a is greater than default request value %b",
  ],
  [
    "defaultRequest",
    "max",
    "defaultRequest",
    "defaultRequest",
    "default request value %a is greater than max value %b",
  ],
  [
    "defaultRequest",
    "default",
    "defaultRequest",
    "defaultRequest",
    "default request value %a is greater than default limit value %b",
  ],
  ["min", "default", "default", "min", "min value %a is greater than default value %b"],
  ["default", "max", "default", "max", "default value %a is greater than max value %b"],
];

function boundErrors(item: LimitRangeItem, name: string, at: string): FieldError[] {
  const amount = (list: List): Quantity | undefined => {
    const text = item.type === "Pod" && list.startsWith("default") ? undefined : item[list]?.[name];
    return text === undefined ? undefined : parseQuantity(text);
  };
  const errors = ORDERS.flatMap(([above, below, blamed, shown, text]) => {
    const [a, b] = [amount(above), amount(below)];
    if (!a || !b || a.compare(b) <= 0) return [];
    const detail = text.replace("%a", String(a)).replace("%b", String(b));
    return [invalidValue(`${at}.${blamed}[${name}]`, String(amount(shown)), detail)];
  });
  errors.push(
    ...ratioErrors(amount("maxLimitRequestRatio"), amount("min"), amount("max"), `${at}.maxLimitRequestRatio[${name}]`),
  );
  const [limit, request] = [amount("default"), amount("defaultRequest")];
  if (!mayOvercommit(name) && limit && request && !limit.equals(request)) {
    const detail = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`;
    errors.push(invalidValue(`${at}.defaultRequest[${name}]`, String(request), detail));
  }
  return errors;
}

function ratioErrors(
  ratio: Quantity | undefined,
  min: Quantity | undefined,
  max: Quantity | undefined,
  field: string,
): FieldError[] {
  if (!ratio) return [];
  const errors =
    ratio.compare(parseQuantity("1")) < 0 ? [invalidValue(field, String(ratio), `ratio ${ratio} is less than 1`)] : [];
  if (!min || !max) return errors;
  const most = max.toNumber() / min.toNumber();
  if (ratio.toNumber() > most)
    errors.push(invalidValue(field, String(ratio), `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`));
  return errors;
}
