/** Equality, order, membership, size and access by index or key. */
import { type CostRange, exactly, scaled, UNKNOWN_SIZE } from "../cost-range.ts";
import type { Overload } from "../declarations.ts";
import { func, method } from "../declare.ts";
import { celEquals, compareValues, contains } from "../equality.ts";
import { failure, noSuchKey, noSuchOverload } from "../errors.ts";
import { formatValue } from "../format-value.ts";
import { natively } from "../library-costs.ts";
import { sizeOf, traversal } from "../sizes.ts";
import { type CelType, celTypes as t } from "../types.ts";
import { type CelValue, List, MapValue, Optional, Uint } from "../values.ts";

const [A, B] = [t.param("A"), t.param("B")];

/** As much as going through the smaller of both. */
const smaller: Pick<Overload, "cost" | "estimate" | "work"> = {
  ...natively,
  cost: ([a, b]) => traversal(Math.min(sizeOf(a as CelValue), sizeOf(b as CelValue))),
  estimate: ([a = UNKNOWN_SIZE, b = UNKNOWN_SIZE]) => {
    const max = Math.min(a.max, b.max);
    return { cost: scaled({ min: max > 0 ? 1 : 0, max }, 0.1) };
  },
};

const ORDERS = [
  ["_<_", "less", (sign: number) => sign < 0],
  ["_<=_", "less_equals", (sign: number) => sign <= 0],
  ["_>_", "greater", (sign: number) => sign > 0],
  ["_>=_", "greater_equals", (sign: number) => sign >= 0],
] as const;

const ORDERED: readonly (readonly [id: string, left: CelType, right: CelType])[] = [
  ["bool", t.bool, t.bool],
  ["int64", t.int, t.int],
  ["int64_double", t.int, t.double],
  ["int64_uint64", t.int, t.uint],
  ["uint64", t.uint, t.uint],
  ["uint64_double", t.uint, t.double],
  ["uint64_int64", t.uint, t.int],
  ["double", t.double, t.double],
  ["double_int64", t.double, t.int],
  ["double_uint64", t.double, t.uint],
  ["string", t.string, t.string],
  ["bytes", t.bytes, t.bytes],
  ["timestamp", t.timestamp, t.timestamp],
  ["duration", t.duration, t.duration],
];

const orders = ORDERS.flatMap(([name, id, holds]) =>
  ORDERED.map(([suffix, left, right]) => {
    const call = (a: CelValue, b: CelValue) => {
      const sign = compareValues(a, b);
      return sign !== undefined && holds(sign);
    };
    const cost = suffix === "string" || suffix === "bytes" ? smaller : {};
    return func(name, `${id}_${suffix}`, [left, right], t.bool, intOrder(name, suffix) ?? call, cost);
  }),
);

/** The commonest comparison, without a detour. */
function intOrder(name: string, suffix: string): Overload["call"] | undefined {
  if (suffix !== "int64") return undefined;
  if (name === "_<_") return (a: bigint, b: bigint) => a < b;
  if (name === "_<=_") return (a: bigint, b: bigint) => a <= b;
  return name === "_>_" ? (a: bigint, b: bigint) => a > b : (a: bigint, b: bigint) => a >= b;
}

export function indexOf(list: List, index: CelValue): CelValue {
  const at = index instanceof Uint ? index.value : index;
  if (typeof at !== "bigint" && !Number.isInteger(at)) throw failure(`unsupported index value: ${formatValue(index)}`);
  const position = Number(at);
  if (position < 0 || position >= list.size) throw failure(`index out of bounds: ${position}`);
  return list.at(position);
}

export function valueOf(map: MapValue, key: CelValue): CelValue {
  const value = map.get(key);
  if (value === undefined) throw noSuchKey(formatValue(key));
  return value;
}

/** The item or value, or nothing where there is none. */
export function find(container: CelValue, key: CelValue): CelValue | undefined {
  if (container instanceof MapValue) return container.get(key);
  if (!(container instanceof List)) throw noSuchOverload();
  const at = key instanceof Uint ? key.value : key;
  if (typeof at !== "bigint" && !Number.isInteger(at)) throw failure(`unsupported index value: ${formatValue(key)}`);
  const position = Number(at);
  return position >= 0 && position < container.size ? container.at(position) : undefined;
}

const findOptional = (container: CelValue, key: CelValue): Optional => {
  const inside = container instanceof Optional ? container.value : container;
  const found = inside === undefined ? undefined : find(inside, key);
  return found === undefined ? Optional.none : new Optional(found);
};

const eachItem = {
  ...natively,
  cost: ([, list]: readonly CelValue[]) => sizeOf(list as CelValue),
  estimate: ([, list]: readonly CostRange[]) => ({ cost: scaled(list ?? UNKNOWN_SIZE, 1) }),
};

const [listA, mapAB] = [t.list(A), t.map(A, B)];
const sizes = [
  ["string", t.string],
  ["bytes", t.bytes],
  ["list", listA],
  ["map", mapAB],
] as const;

export const comparison: readonly Overload[] = [
  func("_==_", "equals", [A, A], t.bool, celEquals, smaller),
  func("_!=_", "not_equals", [A, A], t.bool, (a: CelValue, b: CelValue) => !celEquals(a, b), smaller),
  ...orders,
  func("@in", "in_list", [A, listA], t.bool, (item: CelValue, list: List) => contains(list, item), eachItem),
  func("@in", "in_map", [A, mapAB], t.bool, (key: CelValue, map: MapValue) => map.get(key) !== undefined),
  func("_[_]", "index_list", [listA, t.int], A, indexOf),
  func("_[_]", "index_map", [mapAB, A], B, valueOf),
  func("_[_]", "optional_list_index_int", [t.optional(listA), t.int], t.optional(A), findOptional),
  func("_[_]", "optional_map_index_value", [t.optional(mapAB), A], t.optional(B), findOptional),
  func("_[?_]", "list_optindex_optional_int", [listA, t.int], t.optional(A), findOptional),
  func("_[?_]", "optional_list_optindex_optional_int", [t.optional(listA), t.int], t.optional(A), findOptional),
  func("_[?_]", "map_optindex_optional_value", [mapAB, A], t.optional(B), findOptional),
  func("_[?_]", "optional_map_optindex_optional_value", [t.optional(mapAB), A], t.optional(B), findOptional),
  ...sizes.map(([id, type]) => func("size", `size_${id}`, [type], t.int, size)),
  ...sizes.map(([id, type]) => method("size", `${id}_size`, [type], t.int, size)),
];

function size(value: CelValue): bigint {
  return BigInt(sizeOf(value));
}

/** These are evaluated in their own way; the checker needs their types, the estimate their costs. */
const T = t.param("T");
const never = (): CelValue => {
  throw noSuchOverload();
};
export const logic: readonly Overload[] = [
  func("_&&_", "logical_and", [t.bool, t.bool], t.bool, never),
  func("_||_", "logical_or", [t.bool, t.bool], t.bool, never),
  func("_?_:_", "conditional", [t.bool, T, T], T, never),
  func("@not_strictly_false", "not_strictly_false", [t.bool], t.bool, never, {
    estimate: () => ({ cost: exactly(1) }),
  }),
  func("!_", "logical_not", [t.bool], t.bool, (value: boolean) => !value),
];
