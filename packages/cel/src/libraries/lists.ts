/** Kubernetes' functions over lists: order, sum, extremes, places. */
import type { Library, Overload } from "../declarations.ts";
import { method } from "../declare.ts";
import { celEquals, compareValues } from "../equality.ts";
import { failure, noSuchOverload } from "../errors.ts";
import { type Guard, guardOf } from "../guards.ts";
import { throughItems } from "../library-costs.ts";
import { int, uint } from "../standard/arithmetic.ts";
import { durationOf } from "../time-values.ts";
import { type CelType, celTypes as t } from "../types.ts";
import { type CelValue, Duration, type List, Uint } from "../values.ts";

const ORDERED: readonly CelType[] = [t.int, t.uint, t.double, t.bool, t.duration, t.timestamp, t.string, t.bytes];

/** Items of a list of anything may turn out to have no order; what is no number has none either, but is let pass. */
function order(a: CelValue, b: CelValue): number {
  const sign = compareValues(a, b);
  if (sign === undefined && (typeof a !== "number" || typeof b !== "number")) throw noSuchOverload();
  return sign ?? 0;
}

function isSorted(list: List): boolean {
  for (let i = 1; i < list.size; i++) if (order(list.at(i - 1), list.at(i)) > 0) return false;
  return true;
}

/** The item that stands furthest in one direction. */
const extreme =
  (name: string, sign: 1 | -1) =>
  (list: List): CelValue => {
    let best: CelValue | undefined;
    for (const item of list) if (best === undefined || order(item, best) * sign > 0) best = item;
    if (best === undefined) throw failure(`${name} called on empty list`);
    return best;
  };

const SUMS: readonly (readonly [type: CelType, zero: CelValue, add: (a: never, b: never) => CelValue])[] = [
  [t.int, 0n, (a: bigint, b: bigint) => int(a + b)],
  [t.uint, new Uint(0n), (a: Uint, b: Uint) => uint(a.value + b.value)],
  [t.double, 0, (a: number, b: number) => a + b],
  [t.duration, new Duration(0n), (a: Duration, b: Duration) => durationOf(a.nanos + b.nanos)],
];

function sums([type, zero, add]: (typeof SUMS)[number]): Overload {
  const fits = guardOf(type) as Guard;
  const call = (list: List): CelValue => {
    let sum = zero;
    for (const item of list) {
      if (!fits(item)) throw noSuchOverload();
      sum = add(sum as never, item as never);
    }
    return sum;
  };
  return method("sum", `list_${type.kind}_sum`, [t.list(type)], type, call, throughItems);
}

const T = t.param("T");

function indexOf(list: List, wanted: CelValue): bigint {
  for (let i = 0; i < list.size; i++) if (celEquals(list.at(i), wanted)) return BigInt(i);
  return -1n;
}

function lastIndexOf(list: List, wanted: CelValue): bigint {
  for (let i = list.size - 1; i >= 0; i--) if (celEquals(list.at(i), wanted)) return BigInt(i);
  return -1n;
}

export const lists: Library = {
  name: "lists",
  overloads: [
    ...ORDERED.flatMap((type) => [
      method("isSorted", `list_${type.kind}_is_sorted_bool`, [t.list(type)], t.bool, isSorted, throughItems),
      method("max", `list_${type.kind}_max_${type.kind}`, [t.list(type)], type, extreme("max", 1), throughItems),
      method("min", `list_${type.kind}_min_${type.kind}`, [t.list(type)], type, extreme("min", -1), throughItems),
    ]),
    ...SUMS.map(sums),
    method("indexOf", "list_a_index_of_int", [t.list(T), T], t.int, indexOf, throughItems),
    method("lastIndexOf", "list_a_last_index_of_int", [t.list(T), T], t.int, lastIndexOf, throughItems),
  ],
};
