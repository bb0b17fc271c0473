/** The answer to a patch that cannot be applied, or that makes of an object what is none: it shows the result, or the patch, as the original does. */
import { goText } from "@kubets/api/patch/go-text";
import { invalidValue, StatusError } from "@kubets/machinery";
import { fieldErrorBody, fieldErrorText } from "@kubets/machinery/field-error";
import { stringifyJson } from "@kubets/machinery/json";
import { isObject, type JsonValue } from "@kubets/machinery/json-value";
import type { PatchType } from "./patch-body.ts";

/** A patch that is well formed and does not fit what is there. */
export const patchDoesNotApply = (): StatusError =>
  new StatusError({
    code: 422,
    reason: "Invalid",
    message: "the server rejected our request due to an error in our request",
    details: {},
  });

/** A patch whose result is no object of the kind. Strategic patches are shown themselves, of the others what they make. */
export function refusedPatch(
  type: PatchType,
  patch: unknown,
  before: unknown,
  result: JsonValue,
  why: string,
): StatusError {
  const isStrategic = type === "strategic";
  const shown = isStrategic ? goText(patch) : patchedText(result, before);
  const error = invalidValue("patch", shown, isStrategic ? restoreText(why) : why);
  return new StatusError({
    code: 422,
    reason: "Invalid",
    message: ` "" is invalid: ${fieldErrorText(error)}`,
    details: { causes: [{ reason: error.type, message: fieldErrorBody(error), field: error.field }] },
  });
}

/** JSON in which what the patch went into has its members in order; what it left alone stands as it was. */
function patchedText(value: JsonValue, before: unknown): string {
  if (value === before || !isObject(value)) return stringifyJson(value);
  const old = isObject(before) ? before : {};
  const members = Object.keys(value)
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${patchedText(value[key] as JsonValue, old[key])}`);
  return `{${members.join(",")}}`;
}

const GO_KIND: Readonly<Record<string, string>> = { array: "slice", object: "map", number: "int64" };

/** Strategic patches are decoded from maps instead of text, with words of their own for the same error. */
function restoreText(why: string): string {
  const found = /^json: cannot unmarshal (\w+) into Go struct field \S+ of type (\S+)$/.exec(why);
  if (!found) return why;
  const [, kind = "", type = ""] = found;
  const given = GO_KIND[kind] ?? kind;
  if (type.startsWith("map[")) return `cannot restore map from ${given}`;
  if (type.startsWith("[]")) return `cannot restore slice from ${given}`;
  if (type.includes(".")) return `cannot restore struct from: ${given}`;
  return `cannot convert ${given} to ${type}`;
}
