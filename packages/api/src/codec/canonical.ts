/**
 * The canonical form of an object: a fresh one with its fields in declared order, map keys in byte order, empty values left out or
 * written as the type demands, and scalars in their one spelling. What is stored, compared and sent is in this form.
 * Holds: `__proto__` and the like are plain keys; inputs are not changed; what is no value of its type throws a `WrongType`, which says
 * no more, since decode-report.ts finds out where.
 */
import { formatDurationNanos, parseDurationNanos } from "@kubets/machinery/duration";
import { WrittenFloat } from "@kubets/machinery/json";
import { parseQuantity } from "@kubets/machinery/quantity";
import { each, takesTurns } from "@kubets/machinery/turns";
import { absentList, type PlainObject } from "../meta.ts";
import type { Field, Scalar, Struct, TypeRef } from "../schema.ts";
import { pruneObject } from "../structural/prune.ts";
import type { Schema } from "../structural/schema.ts";
import { canonicalBase64 } from "./base64.ts";

import { hasHigh, setKey, sortedKeys } from "./map-keys.ts";
import { sortDeep } from "./sort-deep.ts";
import { canonicalMicroTime, canonicalTime } from "./time.ts";

export class WrongType extends Error {}
const wrongType = new WrongType("a value has the wrong type");

/** One walk over a value. */
export interface Walk {
  /** Takes the value over: parts that are in canonical form already are used as they stand. Otherwise everything is made afresh. */
  readonly own: boolean;
  /** Keeps a list that was sent empty apart from one that was not sent, where both are written: storing makes them one. */
  readonly asSent: boolean;
  /** Whether numbers stand in the value that are told apart by how they were written. */
  readonly floats?: boolean;
  /** A part that is in canonical form, and stays as it is. */
  readonly done?: object;
  /** How many fields were left out because their struct lacks them. */
  unknown: number;
}

const MAX_INT32 = 2 ** 31 - 1;
const MIN_INT32 = -(2 ** 31);
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

/** The canonical form of an object that may have been changed by hooks or come from anywhere. */
export function canonical(struct: Struct, value: unknown, { own = false } = {}): PlainObject {
  return canonicalStruct(struct, value, { own, asSent: false, unknown: 0 });
}

export function canonicalStruct(struct: Struct, value: unknown, walk: Walk): PlainObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrongType;
  if (value === walk.done) return value as PlainObject;
  if (struct.open) return canonicalOpen(struct, value as PlainObject, walk);
  const object = value as PlainObject;
  return walk.own && isInPlace(struct, object) ? takenOver(struct, object, walk) : madeAfresh(struct, object, walk);
}

/** Whether an object has known fields only, in declared order. */
function isInPlace({ byName }: Struct, object: PlainObject): boolean {
  let last = -1;
  for (const key in object) {
    const field = byName.get(key);
    if (field === undefined || field.index < last || !Object.hasOwn(object, key)) return false;
    last = field.index;
  }
  return true;
}

/** The object itself if its values are canonical, and all are there that are always written; otherwise a copy, begun where that shows. */
function takenOver({ always, byName }: Struct, object: PlainObject, walk: Walk): PlainObject {
  let out: PlainObject | undefined;
  let next = 0;
  for (const key in object) {
    const field = byName.get(key) as Field;
    for (; next < always.length && (always[next] as Field).index < field.index; next++)
      writeZero((out ??= copyUpTo(object, key)), always[next] as Field);
    if (field === always[next]) next++;
    const before = object[key];
    const result = fieldValue(field, before, walk);
    if (out === undefined && result === before && result !== undefined) continue;
    out ??= copyUpTo(object, key);
    if (result !== undefined) out[key] = result;
  }
  for (; next < always.length; next++) writeZero((out ??= { ...object }), always[next] as Field);
  return out ?? object;
}

/** A new object with what stands before a key. */
function copyUpTo(object: PlainObject, end: string): PlainObject {
  const out: PlainObject = {};
  for (const key in object) {
    if (key === end) break;
    out[key] = object[key];
  }
  return out;
}

function madeAfresh(struct: Struct, object: PlainObject, walk: Walk): PlainObject {
  const { always } = struct;
  const present: Field[] = [];
  const values: unknown[] = [];
  collectFields(struct, object, present, values, walk);
  const out: PlainObject = {};
  let next = 0;
  for (let i = 0; i < present.length; i++) {
    const field = present[i] as Field;
    for (; next < always.length && (always[next] as Field).index < field.index; next++)
      writeZero(out, always[next] as Field);
    if (field === always[next]) next++;
    const result = fieldValue(field, values[i], walk);
    if (result !== undefined) out[field.name] = result;
  }
  for (; next < always.length; next++) writeZero(out, always[next] as Field);
  return out;
}

function writeZero(out: PlainObject, field: Field): void {
  out[field.name] = zeroOf(field);
}

/** Lists the fields that an object has, and their values, in declared order. (for-in reads a value much faster than a look-up by name.) */
function collectFields(struct: Struct, object: PlainObject, into: Field[], values: unknown[], walk: Walk): void {
  for (const key in object) {
    if (!Object.hasOwn(object, key)) continue;
    const field = struct.byName.get(key);
    if (field === undefined) {
      walk.unknown++;
      continue;
    }
    let at = into.length;
    for (; at > 0 && (into[at - 1] as Field).index > field.index; at--) {
      into[at] = into[at - 1] as Field;
      values[at] = values[at - 1];
    }
    into[at] = field;
    values[at] = object[key];
  }
}

/** A field's canonical value, or undefined when it is not to be written. */
function fieldValue(field: Field, value: unknown, walk: Walk): unknown {
  if (value === null || value === undefined) return field.always ? zeroOf(field) : undefined;
  const { type } = field;
  switch (type.kind) {
    case "scalar": {
      const result = scalarValue(type.scalar, value);
      if (field.always) return result === undefined ? null : result;
      return field.pointer || !isZero(result) ? result : undefined;
    }
    case "struct":
      return canonicalStruct(type.struct, value, walk);
    case "list": {
      if (!Array.isArray(value)) throw wrongType;
      if (value.length === 0) return field.always ? (walk.asSent ? keptEmpty(value) : absentList) : emptyList(field);
      return listValue(type.item, value, walk);
    }
    case "map": {
      const map = mapValue(type.value, value, walk);
      // Not of what was made: that may be filled later.
      for (const _ in value as PlainObject) return map;
      return field.always ? null : undefined;
    }
    default:
      return looseValue(type, value, walk);
  }
}

const keptEmpty = (value: unknown) => (value === absentList ? value : []);

/** An empty list says nothing, except that sent as managedFields it asks for them to be cleared. */
const emptyList = (field: Field) => (field.name === "managedFields" ? [] : undefined);

const isZero = (value: unknown) => value === "" || value === 0 || value === false || value === undefined;

/** A value of a list or a map, where null stands for the type's zero. */
function itemValue(type: TypeRef, value: unknown, walk: Walk): unknown {
  if (value === null || value === undefined) return zeroItem(type);
  switch (type.kind) {
    case "scalar": {
      const result = scalarValue(type.scalar, value);
      return result === undefined ? null : result;
    }
    case "struct":
      return canonicalStruct(type.struct, value, walk);
    case "list":
      if (!Array.isArray(value)) throw wrongType;
      return listValue(type.item, value, walk);
    case "map":
      return mapValue(type.value, value, walk);
    default:
      return looseValue(type, value, walk);
  }
}

function listValue(item: TypeRef, value: readonly unknown[], walk: Walk): unknown[] {
  if (takesTurns() && value.length > 0) {
    const made: unknown[] = [];
    each(value.length, (i) => (made[i] = itemValue(item, value[i], walk)));
    return made;
  }
  let out: unknown[] | undefined = walk.own ? undefined : [];
  for (let i = 0; i < value.length; i++) {
    const result = itemValue(item, value[i], walk);
    if (out === undefined && result !== value[i]) out = value.slice(0, i);
    out?.push(result);
  }
  return out ?? (value as unknown[]);
}

function mapValue(type: TypeRef, value: unknown, walk: Walk): PlainObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrongType;
  if (walk.own && isCanonicalMap(type, value as PlainObject, walk)) return value as PlainObject;
  const out: PlainObject = {};
  const keys = sortedKeys(value);
  each(keys.length, (i) => {
    const key = keys[i] as string;
    setKey(out, key, itemValue(type, (value as PlainObject)[key], walk));
  });
  return out;
}

/** Whether a map of scalars, as most are, is canonical as it stands. */
function isCanonicalMap(type: TypeRef, map: PlainObject, walk: Walk): boolean {
  if (type.kind !== "scalar") return false;
  let last = "";
  for (const key in map) {
    const value = map[key];
    if (key < last || hasHigh(key) || !Object.hasOwn(map, key) || itemValue(type, value, walk) !== value) return false;
    last = key;
  }
  return true;
}

/** Any JSON, and the unions of JSONSchemaProps. Unknown fields below a union are not reported: the original decodes it apart. */
function looseValue(type: TypeRef, value: unknown, walk: Walk): unknown {
  if (type.kind !== "schemaOr") return walk.floats ? plain(value) : value;
  const { unknown } = walk;
  const result = schemaOrValue(type, value, walk);
  walk.unknown = unknown;
  return result;
}

/** Any JSON, in which it does not matter how numbers were written. */
function plain(value: unknown): unknown {
  if (value instanceof WrittenFloat) return value.toJSON();
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  const out: PlainObject = {};
  for (const [key, member] of Object.entries(value)) setKey(out, key, plain(member));
  return out;
}

function schemaOrValue(type: TypeRef & { kind: "schemaOr" }, value: unknown, walk: Walk): unknown {
  if (Array.isArray(value) && type.or === "schemas")
    return value.map((one) => canonicalStruct(type.struct, one ?? {}, walk));
  if (Array.isArray(value) && type.or === "strings") return value.map((one) => scalarValue("string", one ?? ""));
  if (typeof value === "boolean" && type.or === "bool") return value;
  return canonicalStruct(type.struct, value, walk);
}

/** A scalar's one spelling; undefined for a time that is none. */
function scalarValue(scalar: Scalar, value: unknown): unknown {
  switch (scalar) {
    case "string":
      if (typeof value !== "string") throw wrongType;
      return value;
    case "bool":
      if (typeof value !== "boolean") throw wrongType;
      return value;
    case "int32":
      if (!isInt32(value)) throw wrongType;
      return value;
    case "int64":
      return int64Value(value);
    case "double":
      if (typeof value === "bigint" || value instanceof WrittenFloat)
        return Number(value instanceof WrittenFloat ? value.source : value);
      if (typeof value !== "number" || !Number.isFinite(value)) throw wrongType;
      return value;
    case "quantity":
      if (value instanceof WrittenFloat) return parseQuantity(value.source).toString();
      if (typeof value !== "string" && typeof value !== "number" && typeof value !== "bigint") throw wrongType;
      return parseQuantity(typeof value === "string" ? value.trim() : String(value)).toString();
    case "intOrString":
      if (typeof value !== "string" && !isInt32(value)) throw wrongType;
      return value;
    default:
      if (typeof value !== "string") throw wrongType;
      return textValue(scalar, value);
  }
}

function textValue(scalar: "bytes" | "time" | "microtime" | "duration", value: string): string | undefined {
  switch (scalar) {
    case "bytes":
      return canonicalBase64(value);
    case "time":
      return canonicalTime(value);
    case "microtime":
      return canonicalMicroTime(value);
    case "duration":
      return formatDurationNanos(parseDurationNanos(value));
  }
}

const isInt32 = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value <= MAX_INT32 && value >= MIN_INT32;

/** A number, or a bigint where a double would not be exact. */
function int64Value(value: unknown): number | bigint {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  if (typeof value !== "bigint" && !(typeof value === "number" && Number.isInteger(value))) throw wrongType;
  const exact = BigInt(value);
  if (exact > MAX_INT64 || exact < MIN_INT64) throw wrongType;
  return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
}

/** What stands for a field that is always written and was not given. */
export function zeroOf(field: Field): unknown {
  if (field.pointer) return null;
  switch (field.type.kind) {
    case "list":
      return absentList;
    case "scalar":
      return field.type.scalar === "bytes" ? null : zeroItem(field.type);
    case "struct":
      return zeroItem(field.type);
    default:
      return null;
  }
}

function zeroItem(type: TypeRef): unknown {
  switch (type.kind) {
    case "scalar":
      return ZERO_VALUES[type.scalar];
    case "struct":
      return canonicalStruct(type.struct, {}, { own: false, asSent: false, unknown: 0 });
    case "map":
      return {};
    case "list":
      return [];
    default:
      return null;
  }
}

export const ZERO_VALUES: Readonly<Record<Scalar, unknown>> = {
  string: "",
  int32: 0,
  int64: 0,
  bool: false,
  double: 0,
  bytes: "",
  quantity: "0",
  time: null,
  microtime: null,
  duration: "0s",
  intOrString: 0,
};

/** A custom object: what its schema knows, as it is given, with its keys in order. */
function canonicalOpen(struct: Struct, object: PlainObject, walk: Walk): PlainObject {
  const metadata = struct.byName.get("metadata");
  const pruning = {
    withPlaces: false,
    metadata: (value: unknown) => sortDeep((metadata && fieldValue(metadata, value, walk)) ?? {}),
    text(value: unknown) {
      if (typeof value !== "string") throw wrongType;
      return value;
    },
    unknown: () => walk.unknown++,
  };
  return pruneObject(struct.open as Schema, object, pruning);
}
