/** The checks of single fields that the validation of many resources is made of, each with the original's words. */
import {
  dns1123Subdomain,
  type FieldError,
  type IntOrString,
  invalidValue,
  type NameCheck,
  notSupported,
  percent,
  required,
} from "@kubets/machinery";

/** A name of whatever form, as one error for each thing that is wrong with it. */
export const checkForm = (field: string, value: string, form: NameCheck): FieldError[] =>
  form(value).map((text) => invalidValue(field, value, text));

export const checkSubdomain = (field: string, value: string): FieldError[] => checkForm(field, value, dns1123Subdomain);

/** A name that must be given and be right. */
export const checkRequired = (field: string, value: string | undefined, form: NameCheck): FieldError[] =>
  value ? checkForm(field, value, form) : [required(field)];

export const NOT_NEGATIVE = "must be greater than or equal to 0";
export const IMMUTABLE = "field is immutable";

export const checkNonNegative = (field: string, value: number | undefined | null): FieldError[] =>
  value != null && value < 0 ? [invalidValue(field, value, NOT_NEGATIVE)] : [];

export const checkOneOf = (field: string, value: unknown, allowed: readonly string[]): FieldError[] =>
  allowed.includes(value as string) ? [] : [notSupported(field, value, allowed)];

export const checkImmutable = (field: string, value: unknown, old: unknown): FieldError[] =>
  sameValue(value, old) ? [] : [invalidValue(field, value, IMMUTABLE)];

/** A count that is not negative, or a percentage in digits. */
export function checkIntOrPercent(field: string, value: IntOrString): FieldError[] {
  return typeof value === "number" ? checkNonNegative(field, value) : checkForm(field, value, percent);
}

/** A percentage of at most a hundred; counts are not looked at. */
export function checkAtMostHundred(field: string, value: IntOrString): FieldError[] {
  if (typeof value === "number" || percent(value).length || Number.parseInt(value, 10) <= 100) return [];
  return [invalidValue(field, value, "must not be greater than 100%")];
}

/** Whether two values mean the same: an absent list or map is an empty one. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isEmpty(a) && isEmpty(b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) => sameValue(left[key], right[key]));
}

const isEmpty = (value: unknown): boolean =>
  value == null || (typeof value === "object" && Object.values(value).every((part) => part === undefined));
