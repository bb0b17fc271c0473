/** `"%s has %d".format([a, b])`: the clauses, what each takes, and what it prints. */
import { CelEvaluationError, failure } from "./errors.ts";
import { formatSeconds, formatTimestamp } from "./time-values.ts";
import { type CelValue, Duration, List, MapValue, Timestamp, TypeValue, typeNameOf, Uint } from "./values.ts";

const CLAUSE = /%(?:%|(\.\d+)?([^])|$)/g;
/** No number is printed with more digits behind the point. */
const MOST_DIGITS = 100;

export function formatText(form: string, args: List): string {
  let next = 0;
  return form.replace(CLAUSE, (clause: string, precision: string | undefined, letter: string | undefined) => {
    if (clause === "%%") return "%";
    if (letter === undefined) throw failure("unexpected end of string");
    const print = Object.hasOwn(CLAUSES, letter) ? CLAUSES[letter] : undefined;
    if (!print) throw failure(`could not parse formatting clause: unrecognized formatting clause "${letter}"`);
    if (next >= args.size) throw failure(`index ${next} out of range`);
    const digits = precision === undefined ? 6 : Number(precision.slice(1));
    if (digits > MOST_DIGITS) throw failure(`could not parse formatting clause: precision ${digits} is too large`);
    try {
      return print(args.at(next++), digits);
    } catch (error) {
      if (!(error instanceof CelEvaluationError)) throw error;
      throw failure(`error during formatting: ${error.message}`);
    }
  });
}

type Print = (value: CelValue, digits: number) => string;

const CLAUSES: Readonly<Record<string, Print>> = {
  s: text,
  d: (value) =>
    integer(value)?.toString() ?? endless(value) ?? refuse("decimal clause can only be used on integers", value),
  f: (value, digits) =>
    decimal(value)?.toFixed(digits) ?? refuse("fixed-point clause can only be used on doubles", value),
  e: (value, digits) => scientific(value, digits) ?? refuse("scientific clause can only be used on doubles", value),
  b: (value) =>
    typeof value === "boolean"
      ? String(Number(value))
      : (integer(value)?.toString(2) ?? refuse("only integers and bools can be formatted as binary", value)),
  o: (value) => integer(value)?.toString(8) ?? refuse("octal clause can only be used on integers", value),
  x: hexadecimal,
  X: (value) => hexadecimal(value).toUpperCase(),
};

function refuse(what: string, value: CelValue): never {
  throw failure(`${what}, was given ${typeNameOf(value)}`);
}

function integer(value: CelValue): bigint | undefined {
  return value instanceof Uint ? value.value : typeof value === "bigint" ? value : undefined;
}

/** A double that no digits can print. */
function endless(value: CelValue): string | undefined {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : undefined;
}

function decimal(value: CelValue): { toFixed(digits: number): string } | undefined {
  const number = value instanceof Uint ? value.value : value;
  if (typeof number === "bigint")
    return { toFixed: (digits) => `${number}${digits > 0 ? `.${"0".repeat(digits)}` : ""}` };
  if (typeof number !== "number") return undefined;
  const special = endless(number);
  return { toFixed: (digits) => special ?? fixed(number, digits) };
}

/** Half-way cases go to the even digit, as the exact value of the double decides elsewhere. */
function fixed(value: number, digits: number): string {
  const printed = value.toFixed(digits);
  const half = Math.abs(value) * 10 ** digits;
  if (half % 1 !== 0.5 || half > 2 ** 52) return printed;
  const even = 2 * Math.round(half / 2);
  return `${value < 0 ? "-" : ""}${(even / 10 ** digits).toFixed(digits)}`;
}

function scientific(value: CelValue, digits: number): string | undefined {
  const number = integer(value) === undefined ? value : Number(integer(value));
  if (typeof number !== "number") return undefined;
  const special = endless(number);
  if (special !== undefined) return special;
  return number.toExponential(digits).replace(/e([+-])(\d)$/, "e$10$2");
}

function hexadecimal(value: CelValue): string {
  if (typeof value === "string") return Buffer.from(value).toString("hex");
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return (
    integer(value)?.toString(16) ?? refuse("only integers, byte buffers, and strings can be formatted as hex", value)
  );
}

const PRINTABLE = "strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps";

function text(value: CelValue): string {
  if (value === null) return "null";
  if (typeof value === "string") return value;
  if (typeof value !== "object") return String(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatSeconds(value);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof List) return `[${value.toArray().map(text).join(", ")}]`;
  if (value instanceof MapValue) return mapText(value);
  return refuse(`string clause can only be used on ${PRINTABLE}`, value);
}

/** By the texts of the keys. */
function mapText(map: MapValue): string {
  const entries = map.keys().map((key) => [text(key), text(map.get(key) as CelValue)] as const);
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${sorted.map(([key, item]) => `${key}: ${item}`).join(", ")}}`;
}
