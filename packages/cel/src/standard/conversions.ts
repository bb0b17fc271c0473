/** Conversions between types, and what they refuse. */
import { isUtf8 } from "node:buffer";
import { scaled, UNKNOWN_SIZE } from "../cost-range.ts";
import type { Overload } from "../declarations.ts";
import { func } from "../declare.ts";
import { failure } from "../errors.ts";
import { formatDouble } from "../format-value.ts";
import { sizeOf, traversal } from "../sizes.ts";
import {
  floorDivide,
  formatSeconds,
  formatTimestamp,
  parseDurationValue,
  parseTimestamp,
  timestampOf,
} from "../time-values.ts";
import { celTypes as t } from "../types.ts";
import { type CelValue, Duration, type Timestamp, TypeValue, typeNameOf, Uint } from "../values.ts";

const typeError = (from: string, to: string) => failure(`type conversion error from '${from}' to '${to}'`);

function toInt(value: bigint): bigint {
  return value === BigInt.asIntN(64, value) ? value : outOfRange("integer overflow");
}
function toUint(value: bigint): Uint {
  return value === BigInt.asUintN(64, value) ? new Uint(value) : outOfRange("unsigned integer overflow");
}
function outOfRange(message: string): never {
  throw failure(message);
}

/** Whole numbers that a double stands for, its fraction cut; the limits themselves are not exact and do not count. */
function wholeOf(value: number, least: number, below: number, message: string): bigint {
  const cut = Math.trunc(value);
  if (!(cut > least && cut < below)) throw failure(message);
  return BigInt(cut);
}

const DOUBLE = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$|^[+-]?(?:inf|infinity|nan)$/i;

function parseDouble(text: string): number {
  if (!DOUBLE.test(text)) throw typeError("string", "double");
  const word = /(inf|nan)/i.exec(text)?.[0]?.toLowerCase();
  if (word === "nan") return Number.NaN;
  if (word === "inf") return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(text);
}

function parseInteger(text: string): bigint {
  if (!/^[+-]?[0-9]+$/.test(text) || text.length > 64) throw typeError("string", "int");
  const value = BigInt(text.replace(/^\+/, ""));
  if (value !== BigInt.asIntN(64, value)) throw typeError("string", "int");
  return value;
}

function parseUnsigned(text: string): Uint {
  if (!/^[0-9]+$/.test(text) || text.length > 64) throw typeError("string", "uint");
  const value = BigInt(text);
  if (value !== BigInt.asUintN(64, value)) throw typeError("string", "uint");
  return new Uint(value);
}

function parseBool(text: string): boolean {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(text)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(text)) return false;
  throw typeError("string", "bool");
}

function decode(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw failure("invalid UTF-8 in bytes, cannot convert to string");
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

const own = (value: CelValue): CelValue => value;
const TWO_63 = 2 ** 63;
const TWO_64 = 2 ** 64;

/** Going through the text, whose size the result may have in bytes or characters. */
const traversed = (least: number, most: number): Pick<Overload, "cost" | "estimate"> => ({
  cost: ([text]) => traversal(sizeOf(text as CelValue)),
  estimate: ([size = UNKNOWN_SIZE]) => ({
    cost: scaled(size, 0.1),
    size: { min: Math.floor(size.min * least), max: scaled(size, most).max },
  }),
});

const A = t.param("A");
const SECOND = 1_000_000_000n;

export const conversions: readonly Overload[] = [
  func("bool", "bool_to_bool", [t.bool], t.bool, own),
  func("bool", "string_to_bool", [t.string], t.bool, parseBool),
  func("bytes", "bytes_to_bytes", [t.bytes], t.bytes, own),
  func(
    "bytes",
    "string_to_bytes",
    [t.string],
    t.bytes,
    (text: string) => new TextEncoder().encode(text),
    traversed(1, 4),
  ),
  func("double", "double_to_double", [t.double], t.double, own),
  func("double", "int64_to_double", [t.int], t.double, Number),
  func("double", "uint64_to_double", [t.uint], t.double, (value: Uint) => Number(value.value)),
  func("double", "string_to_double", [t.string], t.double, parseDouble),
  func("int", "int64_to_int64", [t.int], t.int, own),
  func("int", "uint64_to_int64", [t.uint], t.int, (value: Uint) => toInt(value.value)),
  func("int", "double_to_int64", [t.double], t.int, (value: number) =>
    wholeOf(value, -TWO_63, TWO_63, "integer overflow"),
  ),
  func("int", "string_to_int64", [t.string], t.int, parseInteger),
  func("int", "timestamp_to_int64", [t.timestamp], t.int, ({ nanos }: Timestamp) => floorDivide(nanos, SECOND)),
  func("int", "duration_to_int64", [t.duration], t.int, ({ nanos }: Duration) => nanos),
  func("uint", "uint64_to_uint64", [t.uint], t.uint, own),
  func("uint", "int64_to_uint64", [t.int], t.uint, toUint),
  func(
    "uint",
    "double_to_uint64",
    [t.double],
    t.uint,
    (value: number) => new Uint(wholeOf(value, -1, TWO_64, "unsigned integer overflow")),
  ),
  func("uint", "string_to_uint64", [t.string], t.uint, parseUnsigned),
  func("string", "string_to_string", [t.string], t.string, own),
  func("string", "bool_to_string", [t.bool], t.string, String),
  func("string", "bytes_to_string", [t.bytes], t.string, decode, traversed(0.25, 1)),
  func("string", "double_to_string", [t.double], t.string, formatDouble),
  func("string", "int64_to_string", [t.int], t.string, String),
  func("string", "uint64_to_string", [t.uint], t.string, (value: Uint) => String(value.value)),
  func("string", "timestamp_to_string", [t.timestamp], t.string, formatTimestamp),
  func("string", "duration_to_string", [t.duration], t.string, formatSeconds),
  func("timestamp", "timestamp_to_timestamp", [t.timestamp], t.timestamp, own),
  func("timestamp", "int64_to_timestamp", [t.int], t.timestamp, (value: bigint) => timestampOf(value * SECOND)),
  func("timestamp", "string_to_timestamp", [t.string], t.timestamp, (text: string) => {
    const value = parseTimestamp(text);
    if (!value) throw typeError("string", "google.protobuf.Timestamp");
    return value;
  }),
  func("duration", "duration_to_duration", [t.duration], t.duration, own),
  func("duration", "int64_to_duration", [t.int], t.duration, (nanos: bigint) => new Duration(nanos)),
  func("duration", "string_to_duration", [t.string], t.duration, (text: string) => {
    const value = parseDurationValue(text);
    if (!value) throw typeError("string", "google.protobuf.Duration");
    return value;
  }),
  func("dyn", "to_dyn", [A], t.dyn, own),
  func("type", "type", [A], t.typeOf(A), (value: CelValue) => new TypeValue(typeNameOf(value))),
];
