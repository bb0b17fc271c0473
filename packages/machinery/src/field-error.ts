/**
 * What validation finds: errors that name a field. Validators collect them in a list and never throw; `invalid` in
 * status-error.ts makes the answer of them. The texts are Kubernetes' own, which clients read.
 */
import { jsonExcerpt } from "./json-excerpt.ts";
import { quote } from "./quote.ts";

export type FieldErrorType =
  | "FieldValueNotFound"
  | "FieldValueRequired"
  | "FieldValueDuplicate"
  | "FieldValueInvalid"
  | "FieldValueNotSupported"
  | "FieldValueForbidden"
  | "FieldValueTooLong"
  | "FieldValueTooMany"
  | "InternalError"
  | "FieldValueTypeInvalid";

export interface FieldError {
  readonly type: FieldErrorType;
  readonly field: string;
  readonly value?: unknown;
  readonly detail: string;
}

const LABEL: Record<FieldErrorType, string> = {
  FieldValueNotFound: "Not found",
  FieldValueRequired: "Required value",
  FieldValueDuplicate: "Duplicate value",
  FieldValueInvalid: "Invalid value",
  FieldValueNotSupported: "Unsupported value",
  FieldValueForbidden: "Forbidden",
  FieldValueTooLong: "Too long",
  FieldValueTooMany: "Too many",
  InternalError: "Internal error",
  FieldValueTypeInvalid: "Invalid value",
};

/** The types whose text leaves the value out. */
const WITHOUT_VALUE = new Set<FieldErrorType>([
  "FieldValueRequired",
  "FieldValueForbidden",
  "FieldValueTooLong",
  "InternalError",
]);

export const required = (field: string, detail = ""): FieldError => ({ type: "FieldValueRequired", field, detail });
export const invalidValue = (field: string, value: unknown, detail: string): FieldError => ({
  type: "FieldValueInvalid",
  field,
  value,
  detail,
});
export const typeInvalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: "FieldValueTypeInvalid",
  field,
  value,
  detail,
});
export const forbiddenField = (field: string, detail: string): FieldError => ({
  type: "FieldValueForbidden",
  field,
  detail,
});
export const duplicate = (field: string, value: unknown): FieldError => ({
  type: "FieldValueDuplicate",
  field,
  value,
  detail: "",
});
export const notFoundValue = (field: string, value: unknown): FieldError => ({
  type: "FieldValueNotFound",
  field,
  value,
  detail: "",
});
export const tooLong = (field: string, maxLength: number): FieldError => ({
  type: "FieldValueTooLong",
  field,
  detail: maxLength < 0 ? "value is too long" : `may not be more than ${maxLength} bytes`,
});
export const tooMany = (field: string, actual: number, maxItems: number): FieldError => ({
  type: "FieldValueTooMany",
  field,
  value: actual,
  detail: maxItems < 0 ? "has too many items" : `must have at most ${maxItems} item${maxItems === 1 ? "" : "s"}`,
});
/** The values stand in the order given: the original sorts some lists, and not others. */
export const notSupported = (field: string, value: unknown, allowed: readonly string[]): FieldError => ({
  type: "FieldValueNotSupported",
  field,
  value,
  detail: allowed.length ? `supported values: ${allowed.map((v) => JSON.stringify(v)).join(", ")}` : "",
});

/** The text of one error without its field, as it stands in a cause. */
export function fieldErrorBody(error: FieldError): string {
  let text = LABEL[error.type];
  // Where a check is of more than one value, the error holds none.
  if (!WITHOUT_VALUE.has(error.type) && "value" in error) text += `: ${valueText(error.value)}`;
  return error.detail ? `${text}: ${error.detail}` : text;
}

export const fieldErrorText = (error: FieldError): string => `${error.field}: ${fieldErrorBody(error)}`;

/** More of a value is not told: nobody reads it, and telling it twice in an answer takes longer than the rest of the request. */
const LONGEST_VALUE = 64 * 1024;

/** A value as messages show it: strings quoted, all else as JSON. */
function valueText(value: unknown): string {
  if (typeof value !== "string") return jsonExcerpt(value, LONGEST_VALUE);
  return value.length > LONGEST_VALUE ? `${quote(value.slice(0, LONGEST_VALUE))}...` : quote(value);
}
