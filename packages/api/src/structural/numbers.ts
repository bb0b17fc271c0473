/**
 * Numbers as the original sees them in JSON: what is written without a fraction and fits 64 bits is an integer, all else a double. A double counts
 * as an integer only while it is exact.
 */
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

export type JsonType = "array" | "boolean" | "integer" | "null" | "number" | "object" | "string";

export function typeOf(value: unknown): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  switch (typeof value) {
    case "string":
      return "string";
    case "boolean":
      return "boolean";
    case "bigint":
      return value <= MAX_INT64 && value >= MIN_INT64 ? "integer" : "number";
    case "number":
      return Number.isSafeInteger(value) ? "integer" : "number";
    default:
      return "object";
  }
}

/** A bound as Go prints a float64: whole up to 21 digits, with an exponent of two digits beyond. */
export function floatText(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e21)) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}

/** What is wrong with a number of a type and format, or undefined. */
export function rangeError(value: number | bigint, type: string, format: string): string | undefined {
  return inRange(value, type, format)
    ? undefined
    : `value must be of type ${type} ${format ? `with format ${format}` : "(default format)"}`;
}

function inRange(value: number | bigint, type: string, format: string): boolean {
  if (type !== "integer") return !format.startsWith("float") || Number.isFinite(Math.fround(Number(value)));
  if (typeOf(value) !== "integer") return false;
  switch (format) {
    case "int32":
      return value >= -(2 ** 31) && value < 2 ** 31;
    case "uint32":
      return value >= 0 && value < 2 ** 32;
    case "uint64":
      return value >= 0;
    default:
      return true;
  }
}

/** Whether a number is a whole multiple of another, as far as doubles can tell. */
export function isMultipleOf(value: number | bigint, factor: number): boolean {
  if (typeof value === "bigint" && Number.isInteger(factor)) return value % BigInt(factor) === 0n;
  const times = Number(value) / factor;
  return Number.isInteger(times);
}
