/**
 * How plain YAML scalars are read: as go-yaml v2 does, which Kubernetes' YAML goes through. That is YAML 1.1 in parts
 * (`yes` and `on` are booleans, `0644` is octal, `1_000` a number) and not in others (`12:30:45` and dates stay text).
 * Holds: what `resolvePlain` does not give as text must be quoted when text is written.
 */
import type { JsonValue } from "./json-value.ts";

const WORDS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ...["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map((w): [string, boolean] => [w, true]),
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map((w): [string, boolean] => [
    w,
    false,
  ]),
  ...["", "~", "null", "Null", "NULL"].map((w): [string, null] => [w, null]),
]);

const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const INFINITE = /^[-+]?\.(inf|Inf|INF)$/;
const NOT_A_NUMBER = /^\.(nan|NaN|NAN)$/;
const TIMESTAMP =
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]+)?[ \t]*(Z|[-+][0-9]{1,2}(:?[0-9]{2})?)?)?$/;

/** The value of a plain scalar, or undefined where it is text. */
export function resolvePlain(text: string): boolean | null | number | bigint | undefined {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (!/^[-+.0-9]/.test(text)) return undefined;
  return resolveInteger(text.replaceAll("_", "")) ?? resolveFloat(text.replaceAll("_", ""), text);
}

/** Whether a text that stood plain would be read as something else, or is looked upon as a date. */
export const needsQuotes = (text: string): boolean =>
  resolvePlain(text) !== undefined || text === "<<" || TIMESTAMP.test(text);

const RADIX: ReadonlyArray<readonly [form: RegExp, prefix: string, skip: number]> = [
  [/^0x[0-9a-fA-F]+$/i, "0x", 2],
  [/^0b[01]+$/i, "0b", 2],
  [/^0o[0-7]+$/i, "0o", 2],
  [/^0[0-7]+$/, "0o", 1],
  [/^(0|[1-9][0-9]*)$/, "", 0],
];

/** A whole number of 64 bits, in any of Go's notations. */
function resolveInteger(plain: string): number | bigint | undefined {
  const digits = plain.replace(/^[-+]/, "");
  const radix = RADIX.find(([form]) => form.test(digits));
  if (!radix) return undefined;
  const [, prefix, skip] = radix;
  const size = BigInt(prefix + digits.slice(skip));
  const value = plain.startsWith("-") ? -size : size;
  if (value < -(2n ** 63n) || value >= 2n ** 64n) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function resolveFloat(plain: string, text: string): number | undefined {
  if (FLOAT.test(plain)) return Number(plain);
  if (INFINITE.test(text)) return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return NOT_A_NUMBER.test(text) ? Number.NaN : undefined;
}

/** The value of a scalar with an explicit tag; undefined where they do not go together. */
export function resolveTagged(tag: string, text: string): JsonValue | undefined {
  if (tag === "!!str" || tag === "!!timestamp" || tag === "!") return text;
  if (tag === "!!binary") return Buffer.from(text, "base64").toString("utf8");
  const value = resolvePlain(text);
  if (tag === "!!null") return value === null ? null : undefined;
  if (tag === "!!bool") return typeof value === "boolean" ? value : undefined;
  const isNumber = typeof value === "number" || typeof value === "bigint";
  if (tag === "!!int") return isNumber && (typeof value === "bigint" || Number.isInteger(value)) ? value : undefined;
  if (tag === "!!float") return isNumber ? value : undefined;
  return text;
}

/** The name that a key of another type has in JSON; undefined for lists, mappings and nothing. */
export function keyText(key: unknown): string | undefined {
  if (typeof key === "string") return key;
  if (typeof key === "boolean" || typeof key === "bigint" || typeof key === "number") return String(key);
  return undefined;
}
