/**
 * Equality and order of values. Values of different types are unequal, but numbers compare across their types; lists
 * that the API treats as sets or by keys are equal in whatever order.
 */
import { step } from "@kubets/machinery/stretch";
import { MOST_ITEMS, tooLarge } from "./limits.ts";
import {
  type CelValue,
  Duration,
  KeyedMap,
  List,
  MapValue,
  Opaque,
  Optional,
  Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
} from "./values.ts";

export function celEquals(a: CelValue, b: CelValue): boolean {
  if (a === b) return true;
  const [x, y] = [a instanceof Uint ? a.value : a, b instanceof Uint ? b.value : b];
  if (isNumber(x)) return isNumber(y) && compareNumbers(x, y) === 0;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof List) return b instanceof List && listsEqual(a, b);
  if (a instanceof MapValue) return b instanceof MapValue && mapsEqual(a, b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name;
  if (a instanceof Optional) return b instanceof Optional && optionalsEqual(a, b);
  return a instanceof Opaque && b instanceof Opaque && typeNameOf(a) === typeNameOf(b) && a.equals(b);
}

const isNumber = (value: CelValue): value is bigint | number => typeof value === "bigint" || typeof value === "number";

function optionalsEqual(a: Optional, b: Optional): boolean {
  if (a.value === undefined || b.value === undefined) return a.value === b.value;
  return celEquals(a.value, b.value);
}

function listsEqual(a: List, b: List): boolean {
  if (a.size !== b.size) return false;
  step(a.size * 2);
  const merge = a.merge ?? b.merge;
  if (merge?.as === "set") return everyIn(a, b) && everyIn(b, a);
  if (merge?.as === "map") return [...a].every((item) => [...b].some((other) => celEquals(item, other)));
  for (let i = 0; i < a.size; i++) if (!celEquals(a.at(i), b.at(i))) return false;
  return true;
}

const everyIn = (a: List, b: List): boolean => [...a].every((item) => contains(b, item));

export function contains(list: List, item: CelValue): boolean {
  step(list.size * 2);
  for (let i = 0; i < list.size; i++) if (celEquals(list.at(i), item)) return true;
  return false;
}

function mapsEqual(a: MapValue, b: MapValue): boolean {
  const keys = a.keys();
  if (keys.length !== b.size) return false;
  step(keys.length * 8);
  return keys.every((key) => {
    const other = b.get(key);
    return other !== undefined && celEquals(a.get(key) as CelValue, other);
  });
}

function joined(a: List, b: List): List {
  if (a.size + b.size > MOST_ITEMS) throw tooLarge();
  return List.joined(a, b);
}

/** Lists one after the other; into a set or list map only what is new, or in place of what has the same keys. */
export function concat(a: List, b: List): List {
  if (!a.merge) return joined(a, b);
  const merge = a.merge;
  const items = a.toArray();
  for (const item of b) {
    step(items.length * 2);
    const same = items.findIndex((known) =>
      merge.as === "set" ? celEquals(known, item) : celEquals(keysOf(known, merge.keys), keysOf(item, merge.keys)),
    );
    if (same < 0) items.push(item);
    else if (merge.as === "map") items[same] = item;
  }
  return new List(items, undefined, merge);
}

const keysOf = (item: CelValue, keys: readonly string[]): CelValue =>
  item instanceof MapValue ? KeyedMap.of(keys.map((key) => [key, item.field(key) ?? null])) : item;

/** Whole numbers exactly; a whole number and a double as doubles, as the original does. */
function compareNumbers(a: bigint | number, b: bigint | number): number | undefined {
  const [x, y] = typeof a === typeof b ? [a, b] : [Number(a), Number(b)];
  return x < y ? -1 : x > y ? 1 : x === y ? 0 : undefined;
}

/** Below, equal (0) or above; undefined where one is not a number, or types have no order. */
export function compareValues(a: CelValue, b: CelValue): number | undefined {
  const [x, y] = [a instanceof Uint ? a.value : a, b instanceof Uint ? b.value : b];
  if (isNumber(x) && isNumber(y)) return compareNumbers(x, y);
  if (typeof x === "string" && typeof y === "string") return compareText(x, y);
  if (typeof x === "boolean" && typeof y === "boolean") return Number(x) - Number(y);
  if (x instanceof Uint8Array && y instanceof Uint8Array) return Buffer.compare(x, y);
  const moments =
    (x instanceof Timestamp && y instanceof Timestamp) || (x instanceof Duration && y instanceof Duration);
  if (!moments) return undefined;
  const [p, q] = [(x as Duration).nanos, (y as Duration).nanos];
  return p < q ? -1 : p > q ? 1 : 0;
}

const SURROGATE = /[\ud800-\udfff]/;

/** By code points, as bytes of UTF-8 are ordered. */
function compareText(a: string, b: string): number {
  if (SURROGATE.test(a) || SURROGATE.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}
