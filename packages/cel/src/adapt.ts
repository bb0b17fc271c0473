/**
 * Reads the API's JSON as values of declared types, when they are asked for. Where a type says nothing (dyn), a whole
 * number is an int and another one a double. What an expression gave can be handed on as it is, by `evaluated`.
 */
import { failure } from "./errors.ts";
import { parseDurationValue, parseTimestamp } from "./time-values.ts";
import { type CelType, celTypes, formatType, type ObjectType, optionalOf } from "./types.ts";
import {
  type Adapter,
  type CelValue,
  Duration,
  type FieldReader,
  JsonMap,
  JsonObject,
  List,
  MapValue,
  Opaque,
  Optional,
  type Shape,
  Timestamp,
  TypeValue,
  Uint,
} from "./values.ts";

/** A value in place of JSON. */
export class Evaluated {
  readonly value: CelValue;
  constructor(value: CelValue) {
    this.value = value;
  }
}

/** Lets a variable have a value that an expression gave. */
export const evaluated = (value: CelValue): Evaluated => new Evaluated(value);

const known = new WeakMap<CelType, Adapter>();

/** How raw values of a type are read. */
export function adapterOf(type: CelType): Adapter {
  const found = known.get(type);
  if (found) return found;
  const adapter = makeAdapter(type);
  known.set(type, adapter);
  return adapter;
}

/** As `adapterOf`, but made when the first value comes, since a type may contain itself. */
function lateAdapter(type: () => CelType): Adapter {
  let adapter: Adapter | undefined;
  return (raw) => {
    adapter ??= adapterOf(type());
    return adapter(raw);
  };
}

function makeAdapter(type: CelType): Adapter {
  const read = reader(type);
  if (!read) return adaptDynamic;
  return (raw) => {
    const value = read(raw);
    if (value !== undefined) return value;
    if (raw === null) return null;
    if (raw instanceof Evaluated) return raw.value;
    const given = handedOn(raw);
    if (given !== undefined) return given;
    throw failure(`invalid data, expected ${formatType(type)}, got ${Array.isArray(raw) ? "list" : typeof raw}`);
  };
}

/** Reads JSON of the type's form; undefined for anything else. */
function reader(type: CelType): ((raw: unknown) => CelValue | undefined) | undefined {
  switch (type.kind) {
    case "bool":
      return (raw) => (typeof raw === "boolean" ? raw : undefined);
    case "string":
      return (raw) => (typeof raw === "string" ? raw : undefined);
    case "int":
      return (raw) =>
        typeof raw === "number" && Number.isInteger(raw) ? BigInt(raw) : typeof raw === "bigint" ? raw : undefined;
    case "uint":
      return (raw) => (isWhole(raw) ? new Uint(BigInt(raw)) : undefined);
    case "double":
      return (raw) => (typeof raw === "number" || typeof raw === "bigint" ? Number(raw) : undefined);
    case "bytes":
      return (raw) => (typeof raw === "string" ? new Uint8Array(Buffer.from(raw, "base64")) : undefined);
    case "timestamp":
      return (raw) => (typeof raw === "string" ? readTimestamp(raw) : undefined);
    case "duration":
      return (raw) => (typeof raw === "string" ? readDuration(raw) : undefined);
    case "list": {
      const element = lateAdapter(() => type.element);
      return (raw) => (Array.isArray(raw) ? new List(raw, element, type.merge) : undefined);
    }
    case "map": {
      const value = lateAdapter(() => type.value);
      return (raw) => (isPlain(raw) ? new JsonMap(raw, value) : undefined);
    }
    case "object": {
      const shape = shapeOf(type);
      return (raw) => (isPlain(raw) ? new JsonObject(raw, shape, type.name) : undefined);
    }
    case "opaque": {
      const inside = optionalOf(type);
      if (!inside) return undefined;
      const adapt = lateAdapter(() => inside);
      return (raw) => (raw === undefined ? Optional.none : isHandedOn(raw) ? undefined : new Optional(adapt(raw)));
    }
    default:
      return undefined;
  }
}

const isWhole = (raw: unknown): raw is number | bigint =>
  typeof raw === "bigint" || (typeof raw === "number" && Number.isInteger(raw));

function isPlain(raw: unknown): raw is Readonly<Record<string, unknown>> {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw) && !isHandedOn(raw);
}

function readTimestamp(text: string): Timestamp {
  const value = parseTimestamp(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  if (!value) throw failure(`Invalid date-time: ${text}`);
  return value;
}

function readDuration(text: string): Duration {
  const value = parseDurationValue(text);
  if (!value) throw failure(`Invalid duration: ${text}`);
  return value;
}

function shapeOf(type: ObjectType): Shape {
  const shape = new Map<string, FieldReader>();
  for (const name of Object.keys(type.fields)) {
    const { member = name } = type.fields[name] as { member?: string };
    shape.set(name, { member, adapt: lateAdapter(() => type.fields[name]?.type ?? celTypes.dyn) });
  }
  return shape;
}

const isHandedOn = (raw: unknown): boolean => raw instanceof Evaluated || handedOn(raw) !== undefined;

/** What is a value already. */
function handedOn(raw: unknown): CelValue | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const prototype: unknown = Object.getPrototypeOf(raw);
  if (prototype === Object.prototype || prototype === null) return undefined;
  return raw instanceof MapValue ||
    raw instanceof List ||
    raw instanceof Optional ||
    raw instanceof Opaque ||
    raw instanceof Timestamp ||
    raw instanceof Duration ||
    raw instanceof Uint ||
    raw instanceof Uint8Array ||
    raw instanceof TypeValue
    ? raw
    : undefined;
}

/** JSON of which nothing is declared. */
export function adaptDynamic(raw: unknown): CelValue {
  switch (typeof raw) {
    case "string":
    case "boolean":
    case "bigint":
      return raw;
    case "number":
      return Number.isInteger(raw) ? BigInt(raw) : raw;
    case "object":
      if (raw === null) return null;
      if (Array.isArray(raw)) return new List(raw, adaptDynamic);
      if (raw instanceof Evaluated) return raw.value;
      return handedOn(raw) ?? new JsonMap(raw as Readonly<Record<string, unknown>>, adaptDynamic);
    default:
      return null;
  }
}
