/** Arithmetic: whole numbers of 64 bits that do not wrap, doubles, times, and the joining of texts and lists. */
import { exactly, ONE, plus, scaled } from "../cost-range.ts";
import type { Overload } from "../declarations.ts";
import { func } from "../declare.ts";
import { concat } from "../equality.ts";
import { failure } from "../errors.ts";
import { sizeOf, traversal } from "../sizes.ts";
import { durationOf, timestampOf } from "../time-values.ts";
import { type CelType, celTypes as t } from "../types.ts";
import { type CelValue, type Duration, type List, type Timestamp, Uint } from "../values.ts";

export function int(value: bigint): bigint {
  if (value !== BigInt.asIntN(64, value)) throw failure("integer overflow");
  return value;
}

export function uint(value: bigint): Uint {
  if (value !== BigInt.asUintN(64, value)) throw failure("unsigned integer overflow");
  return new Uint(value);
}

function nonZero(divisor: bigint, what: string): bigint {
  if (divisor === 0n) throw failure(what);
  return divisor;
}
const divisor = (value: bigint) => nonZero(value, "division by zero");
const modulus = (value: bigint) => nonZero(value, "modulus by zero");

/** An operator on two of the same type. */
const same = (name: string, id: string, type: CelType, call: Overload["call"]): Overload =>
  func(name, id, [type, type], type, call);

/** Joining costs what both texts cost to go through; the result is as large as both. */
const joined: Pick<Overload, "cost" | "estimate"> = {
  cost: ([a, b]) => traversal(sizeOf(a as CelValue) + sizeOf(b as CelValue)),
  estimate: ([a, b]) => {
    const size = plus(a ?? ONE, b ?? ONE);
    return { cost: scaled(size, 0.1), size };
  },
};

const listOfA = t.list(t.param("A"));

export const arithmetic: readonly Overload[] = [
  same("_+_", "add_int64", t.int, (a: bigint, b: bigint) => int(a + b)),
  same("_-_", "subtract_int64", t.int, (a: bigint, b: bigint) => int(a - b)),
  same("_*_", "multiply_int64", t.int, (a: bigint, b: bigint) => int(a * b)),
  same("_/_", "divide_int64", t.int, (a: bigint, b: bigint) => int(a / divisor(b))),
  same("_%_", "modulo_int64", t.int, (a: bigint, b: bigint) =>
    int(b === -1n && a === -(2n ** 63n) ? 2n ** 63n : a % modulus(b)),
  ),
  same("_+_", "add_uint64", t.uint, (a: Uint, b: Uint) => uint(a.value + b.value)),
  same("_-_", "subtract_uint64", t.uint, (a: Uint, b: Uint) => uint(a.value - b.value)),
  same("_*_", "multiply_uint64", t.uint, (a: Uint, b: Uint) => uint(a.value * b.value)),
  same("_/_", "divide_uint64", t.uint, (a: Uint, b: Uint) => uint(a.value / divisor(b.value))),
  same("_%_", "modulo_uint64", t.uint, (a: Uint, b: Uint) => uint(a.value % modulus(b.value))),
  same("_+_", "add_double", t.double, (a: number, b: number) => a + b),
  same("_-_", "subtract_double", t.double, (a: number, b: number) => a - b),
  same("_*_", "multiply_double", t.double, (a: number, b: number) => a * b),
  same("_/_", "divide_double", t.double, (a: number, b: number) => a / b),
  func("-_", "negate_int64", [t.int], t.int, (a: bigint) => int(-a)),
  func("-_", "negate_double", [t.double], t.double, (a: number) => -a),
  func("_+_", "add_string", [t.string, t.string], t.string, (a: string, b: string) => a + b, joined),
  func(
    "_+_",
    "add_bytes",
    [t.bytes, t.bytes],
    t.bytes,
    (a: Uint8Array, b: Uint8Array) => new Uint8Array(Buffer.concat([a, b])),
    joined,
  ),
  func("_+_", "add_list", [listOfA, listOfA], listOfA, (a: List, b: List) => concat(a, b), {
    estimate: ([a, b]) => ({ cost: exactly(1), size: plus(a ?? ONE, b ?? ONE) }),
  }),
  same("_+_", "add_duration_duration", t.duration, (a: Duration, b: Duration) => durationOf(a.nanos + b.nanos)),
  same("_-_", "subtract_duration_duration", t.duration, (a: Duration, b: Duration) => durationOf(a.nanos - b.nanos)),
  func("_+_", "add_timestamp_duration", [t.timestamp, t.duration], t.timestamp, (a: Timestamp, b: Duration) =>
    timestampOf(a.nanos + b.nanos),
  ),
  func("_+_", "add_duration_timestamp", [t.duration, t.timestamp], t.timestamp, (a: Duration, b: Timestamp) =>
    timestampOf(a.nanos + b.nanos),
  ),
  func("_-_", "subtract_timestamp_duration", [t.timestamp, t.duration], t.timestamp, (a: Timestamp, b: Duration) =>
    timestampOf(a.nanos - b.nanos),
  ),
  func("_-_", "subtract_timestamp_timestamp", [t.timestamp, t.timestamp], t.duration, (a: Timestamp, b: Timestamp) =>
    durationOf(a.nanos - b.nanos),
  ),
];
