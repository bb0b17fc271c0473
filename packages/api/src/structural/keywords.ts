/** The keywords that narrow values of one type: texts, numbers, lists, maps. Each check notes what is wrong where it stands. */
import { tooLong, tooMany } from "@kubets/machinery";
import { step } from "@kubets/machinery/stretch";
import { floatText, isMultipleOf, rangeError, typeOf } from "./numbers.ts";
import { matchesPattern } from "./patterns.ts";
import { isIntOrString, type Schema } from "./schema.ts";
import type { Validation } from "./validate.ts";

/** The first that is wrong is all that is told of a text. */
export function textErrors(
  found: Validation,
  { maxLength, minLength, pattern }: Schema,
  text: string,
  path: string,
): void {
  const length = maxLength === undefined && minLength === undefined ? 0 : lengthOf(text);
  if (maxLength !== undefined && length > maxLength) found.errors.push(tooLong(found.fieldOf(path), maxLength));
  else if (minLength !== undefined && length < minLength)
    found.invalid(path, text, `should be at least ${minLength} chars long`);
  else if (pattern && !matchesPattern(pattern, text)) found.invalid(path, text, `should match '${pattern}'`);
}

/** In characters, not in the halves of which some are made. */
function lengthOf(text: string): number {
  step(text.length >> 3);
  let length = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit < 0xdc00) {
      length--;
      i++;
    }
  }
  return length;
}

export function numberErrors(found: Validation, schema: Schema, value: number | bigint, path: string): void {
  const { format = "", multipleOf, maximum, minimum, exclusiveMaximum, exclusiveMinimum } = schema;
  const type = isIntOrString(schema) ? "" : (schema.type ?? "");
  const outside = rangeError(value, type, format);
  if (outside) found.say(`Checked ${outside} in ${path}`);
  const text = (bound: number) => (typeOf(value) === "integer" ? String(Math.trunc(bound)) : floatText(bound));
  if (multipleOf !== undefined) {
    if (multipleOf <= 0) found.say(`factor MultipleOf declared for ${path} must be positive: ${floatText(multipleOf)}`);
    else if (!isMultipleOf(value, multipleOf))
      found.invalid(path, value, `should be a multiple of ${floatText(multipleOf)}`);
  }
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum))
    found.invalid(path, value, `should be less than ${exclusiveMaximum ? "" : "or equal to "}${text(maximum)}`);
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum))
    found.invalid(path, value, `should be greater than ${exclusiveMinimum ? "" : "or equal to "}${text(minimum)}`);
}

export function listErrors(
  found: Validation,
  { minItems, maxItems }: Schema,
  { length }: readonly unknown[],
  path: string,
): void {
  if (minItems !== undefined && length < minItems)
    found.invalid(path, length, `should have at least ${minItems} items`);
  if (maxItems !== undefined && length > maxItems) found.errors.push(tooMany(found.fieldOf(path), length, maxItems));
}

/** A map of a wrong size is not looked into. */
export function mapErrors(
  found: Validation,
  { minProperties, maxProperties }: Schema,
  size: number,
  path: string,
): boolean {
  if (minProperties !== undefined && size < minProperties)
    found.invalid(path, size, `should have at least ${minProperties} properties`);
  else if (maxProperties !== undefined && size > maxProperties)
    found.errors.push(tooMany(found.fieldOf(path), size, maxProperties));
  else return false;
  return true;
}
