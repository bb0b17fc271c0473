/**
 * Values at run time. An int is a bigint and a double a number; a uint stands in a box of its own. Lists and maps
 * either hold values or read the API's JSON through an adapter, element by element, when they are asked.
 */
import { step } from "@kubets/machinery/stretch";
import { type CelType, celTypes, type ListMerge, runtimeTypeName } from "./types.ts";

export type CelValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | Timestamp
  | Duration
  | List
  | MapValue
  | TypeValue
  | Optional
  | Opaque;

/** What a raw (JSON) value becomes. */
export type Adapter = (raw: unknown) => CelValue;

export class Uint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

/** An instant: nanoseconds since 1970. */
export class Timestamp {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class Duration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** A type as a value: known by its name. */
export class TypeValue {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export class Optional {
  /** undefined for none. */
  readonly value: CelValue | undefined;
  constructor(value: CelValue | undefined) {
    this.value = value;
  }
  static readonly none = new Optional(undefined);
}

/** A value of a library; it says its type, and what it is equal to. */
export abstract class Opaque {
  abstract readonly type: CelType;
  abstract equals(other: Opaque): boolean;
  /** How the value looks in JSON, if it can be shown. */
  toJson(): unknown {
    return undefined;
  }
}

export class List {
  #items: readonly unknown[] | undefined;
  /** In place of the items, as long as nobody asks for them: two lists, one behind the other. */
  #halves: readonly [List, List] | undefined;
  readonly adapt: Adapter | undefined;
  readonly merge: ListMerge | undefined;
  readonly size: number;

  /** Without an adapter the items are values already. */
  constructor(items: readonly unknown[], adapt?: Adapter, merge?: ListMerge, halves?: readonly [List, List]) {
    this.#items = halves ? undefined : items;
    this.#halves = halves;
    this.adapt = adapt;
    this.merge = merge;
    this.size = halves ? halves[0].size + halves[1].size : items.length;
  }

  /** Both lists as one; nothing is copied before an item is asked for. */
  static joined(first: List, second: List): List {
    return new List([], undefined, undefined, [first, second]);
  }

  at(index: number): CelValue {
    const items = this.#items ?? this.#joinedItems();
    return this.adapt ? this.adapt(items[index]) : (items[index] as CelValue);
  }

  *[Symbol.iterator](): Generator<CelValue> {
    for (let i = 0; i < this.size; i++) yield this.at(i);
  }

  toArray(): CelValue[] {
    step(this.size * 2);
    const items = this.#items ?? this.#joinedItems();
    return this.adapt ? items.map(this.adapt) : (items.slice() as CelValue[]);
  }

  #joinedItems(): readonly CelValue[] {
    step(this.size * 2);
    const items: CelValue[] = [];
    const left: List[] = [this];
    for (let list = left.pop(); list; list = left.pop()) {
      if (list.#halves) left.push(list.#halves[1], list.#halves[0]);
      else for (let i = 0; i < list.size; i++) items.push(list.at(i));
    }
    this.#halves = undefined;
    this.#items = items;
    return items;
  }
}

/** A map, or an object with fields: both are asked by key. */
export abstract class MapValue {
  abstract readonly size: number;
  /** The value of a key; undefined if there is none. */
  abstract get(key: CelValue): CelValue | undefined;
  abstract keys(): CelValue[];
  /** As `get`, by the name of a field. */
  abstract field(name: string): CelValue | undefined;
}

/** A member of JSON; what objects inherit is none. */
function member(raw: Readonly<Record<string, unknown>>, name: string): unknown {
  const value = raw[name];
  const inherited = (typeof value === "function" || name === "__proto__") && !Object.hasOwn(raw, name);
  return inherited ? undefined : value;
}

/** JSON's object, whose members all have one type. */
export class JsonMap extends MapValue {
  readonly raw: Readonly<Record<string, unknown>>;
  readonly adapt: Adapter;

  constructor(raw: Readonly<Record<string, unknown>>, adapt: Adapter) {
    super();
    this.raw = raw;
    this.adapt = adapt;
  }

  get size(): number {
    return this.keys().length;
  }

  get(key: CelValue): CelValue | undefined {
    return typeof key === "string" ? this.field(key) : undefined;
  }

  field(name: string): CelValue | undefined {
    const raw = member(this.raw, name);
    return raw === undefined ? undefined : this.adapt(raw);
  }

  keys(): string[] {
    const keys = Object.keys(this.raw);
    step(keys.length * 4);
    return keys.filter((key) => this.raw[key] !== undefined);
  }
}

/** What an object type knows of one of its fields. */
export interface FieldReader {
  /** The member of the JSON in which the field stands. */
  readonly member: string;
  readonly adapt: Adapter;
}
export type Shape = ReadonlyMap<string, FieldReader>;

/** JSON's object, whose members have the types of an object type; what the type does not name is not seen. */
export class JsonObject extends MapValue {
  readonly raw: Readonly<Record<string, unknown>>;
  readonly #shape: Shape;
  readonly typeName: string;

  constructor(raw: Readonly<Record<string, unknown>>, shape: Shape, typeName: string) {
    super();
    this.raw = raw;
    this.#shape = shape;
    this.typeName = typeName;
  }

  get size(): number {
    return this.keys().length;
  }

  get(key: CelValue): CelValue | undefined {
    return typeof key === "string" ? this.field(key) : undefined;
  }

  field(name: string): CelValue | undefined {
    const reader = this.#shape.get(name);
    if (reader === undefined) return undefined;
    const raw = member(this.raw, reader.member);
    return raw === undefined ? undefined : reader.adapt(raw);
  }

  keys(): string[] {
    return [...this.#shape.keys()].filter((name) => this.field(name) !== undefined);
  }
}

/** A map that an expression makes; whole numbers of any type are one key. */
export class KeyedMap extends MapValue {
  readonly #entries: ReadonlyMap<unknown, readonly [CelValue, CelValue]>;

  constructor(entries: ReadonlyMap<unknown, readonly [CelValue, CelValue]>) {
    super();
    this.#entries = entries;
  }

  static of(pairs: Iterable<readonly [CelValue, CelValue]>): KeyedMap {
    const entries = new Map<unknown, readonly [CelValue, CelValue]>();
    for (const pair of pairs) entries.set(keyOf(pair[0]), pair);
    return new KeyedMap(entries);
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: CelValue): CelValue | undefined {
    return this.#entries.get(keyOf(key))?.[1];
  }

  field(name: string): CelValue | undefined {
    return this.#entries.get(name)?.[1];
  }

  keys(): CelValue[] {
    return [...this.#entries.values()].map(([key]) => key);
  }
}

/** An object that an expression makes. */
export class Struct extends MapValue {
  readonly typeName: string;
  readonly #fields: ReadonlyMap<string, CelValue>;

  constructor(typeName: string, fields: ReadonlyMap<string, CelValue>) {
    super();
    this.typeName = typeName;
    this.#fields = fields;
  }

  get size(): number {
    return this.#fields.size;
  }

  get(key: CelValue): CelValue | undefined {
    return typeof key === "string" ? this.#fields.get(key) : undefined;
  }

  field(name: string): CelValue | undefined {
    return this.#fields.get(name);
  }

  keys(): string[] {
    return [...this.#fields.keys()];
  }
}

/** The same for keys that are equal. */
export function keyOf(key: CelValue): unknown {
  if (key instanceof Uint) return key.value;
  if (typeof key === "number") return Number.isInteger(key) ? BigInt(key) : undefined;
  return key;
}

/** The name of a value's type at run time. */
export function typeNameOf(value: CelValue): string {
  switch (typeof value) {
    case "string":
      return "string";
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return "double";
  }
  if (value === null) return "null_type";
  if (value instanceof List) return "list";
  if (value instanceof JsonObject || value instanceof Struct) return value.typeName;
  if (value instanceof MapValue) return "map";
  if (value instanceof Uint) return "uint";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof Timestamp) return runtimeTypeName(celTypes.timestamp);
  if (value instanceof Duration) return runtimeTypeName(celTypes.duration);
  if (value instanceof TypeValue) return "type";
  return value instanceof Optional ? "optional_type" : runtimeTypeName(value.type);
}
