/**
 * What a protobuf message looks like, as data. Generated files hold one short line for each message
 * (`key=1:bytes kvs=2:KeyValue* labels=3:map<string,string> value=7:bytes?`: `*` repeated, `?` present only when set),
 * which is parsed when the message is first used. Enums are written as `enum`, other messages by their name.
 */
import { ProtoError } from "./reader.ts";

/** Types of fields, as numbers: the codec switches on them. */
export const KIND = {
  double: 1,
  float: 2,
  int32: 3,
  int64: 4,
  uint32: 5,
  uint64: 6,
  sint32: 7,
  sint64: 8,
  fixed32: 9,
  fixed64: 10,
  sfixed32: 11,
  sfixed64: 12,
  bool: 13,
  string: 14,
  bytes: 15,
  enum: 16,
  message: 17,
} as const;

const NO_BYTES = Buffer.alloc(0);
const NO_ITEMS: readonly never[] = Object.freeze([]);
const NO_ENTRIES: Readonly<Record<string, never>> = Object.freeze({});

/** A kind of message whose plain object is a `T`. */
export interface MessageType<T> {
  readonly name: string;
  /** In declared order. */
  readonly fields: readonly Field[];
  readonly byNumber: readonly (Field | undefined)[];
  /** What an empty message decodes to; cloned for each. */
  readonly defaults: T;
}

export interface Field {
  readonly name: string;
  readonly number: number;
  readonly kind: number;
  readonly repeated: boolean;
  /** Absent unless set: members of a oneof, and messages. */
  readonly optional: boolean;
  /** The kind of a map's keys; 0 when the field is no map. */
  readonly mapKey: number;
  /** The wire type of one value. */
  readonly wireType: number;
  readonly message: MessageType<object> | undefined;
}

/** A field on its way: what a message refers to is looked up when it is first needed. */
type Lookup = (name: string) => MessageType<object>;

/** Makes the message types of one file; the result gives a type by its name. */
export function defineMessages(lines: Readonly<Record<string, string>>): <T>(name: string) => MessageType<T> {
  const types = new Map<string, MessageType<object>>();
  const lookup: Lookup = (name) => {
    const known = types.get(name);
    if (known) return known;
    const line = lines[name];
    if (line === undefined) throw new ProtoError(`protobuf: no message is called ${name}`);
    const made = new LazyMessage(name, line, lookup);
    types.set(name, made);
    return made;
  };
  return <T>(name: string) => lookup(name) as unknown as MessageType<T>;
}

class LazyMessage implements MessageType<object> {
  readonly name: string;
  readonly #line: string;
  readonly #lookup: Lookup;
  #fields: readonly Field[] | undefined;
  #byNumber: readonly (Field | undefined)[] | undefined;
  #defaults: object | undefined;

  constructor(name: string, line: string, lookup: Lookup) {
    this.name = name;
    this.#line = line;
    this.#lookup = lookup;
  }

  get fields(): readonly Field[] {
    this.#fields ??= this.#line === "" ? [] : this.#line.split(" ").map((field) => parseField(field, this.#lookup));
    return this.#fields;
  }

  get byNumber(): readonly (Field | undefined)[] {
    if (!this.#byNumber) {
      const largest = this.fields.reduce((most, field) => Math.max(most, field.number), 0);
      const table: (Field | undefined)[] = Array.from({ length: largest + 1 });
      for (const field of this.fields) table[field.number] = field;
      this.#byNumber = table;
    }
    return this.#byNumber;
  }

  get defaults(): object {
    this.#defaults ??= Object.fromEntries(
      this.fields.filter((field) => !field.optional).map((field) => [field.name, defaultOf(field)]),
    );
    return this.#defaults;
  }
}

const FIELD = /^(\w+)=(\d+):(?:map<(\w+),([\w.]+)>|([\w.]+))([*?]?)$/;

function parseField(text: string, lookup: Lookup): Field {
  const [, name, number, mapKey, mapValue, plain, mark] = FIELD.exec(text) ?? [];
  const type = (mapValue ?? plain) as string;
  if (!name || !type) throw new ProtoError(`protobuf: "${text}" is no field`);
  const kind = kindOf(type) ?? KIND.message;
  const message = kind === KIND.message ? lookup(type) : undefined;
  const repeated = mark === "*";
  return {
    name,
    number: Number(number),
    kind,
    repeated,
    optional: mark === "?" || (message !== undefined && !repeated && mapKey === undefined),
    mapKey: mapKey === undefined ? 0 : (kindOf(mapKey) ?? KIND.string),
    wireType: wireTypeOf(kind),
    message,
  };
}

const kindOf = (name: string): number | undefined => (KIND as Readonly<Record<string, number>>)[name];

function wireTypeOf(kind: number): number {
  switch (kind) {
    case KIND.double:
    case KIND.fixed64:
    case KIND.sfixed64:
      return 1;
    case KIND.string:
    case KIND.bytes:
    case KIND.message:
      return 2;
    case KIND.float:
    case KIND.fixed32:
    case KIND.sfixed32:
      return 5;
    default:
      return 0;
  }
}

function defaultOf(field: Field): unknown {
  if (field.repeated) return NO_ITEMS;
  if (field.mapKey !== 0) return NO_ENTRIES;
  return scalarDefault(field.kind);
}

export function scalarDefault(kind: number): unknown {
  if (kind === KIND.string) return "";
  if (kind === KIND.bytes) return NO_BYTES;
  return kind === KIND.bool ? false : 0;
}
