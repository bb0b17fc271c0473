/**
 * Kubernetes protobuf messages as objects. The walk collects what the bytes hold, fields it does not know left out; canonical.ts then
 * brings the result into form, which drops the zeros that protobuf writes.
 */
import { formatDurationNanos } from "@kubets/machinery/duration";
import { ProtoError, Reader, WIRE } from "@kubets/wire/proto";
import type { PlainObject } from "../meta.ts";
import type { Field, Scalar, Struct, TypeRef } from "../schema.ts";
import { setKey } from "./map-keys.ts";
import { type Message, messageOf } from "./protobuf-plan.ts";

/** Makes an object of the bytes of a RawExtension. */
type ReadRaw = (bytes: Uint8Array) => unknown;

export function readStruct(struct: Struct, bytes: Uint8Array, readRaw: ReadRaw): PlainObject {
  return new Walk(new Reader(bytes), readRaw).message(struct);
}

/** Messages nested deeper are refused, as a guard for the stack. */
const MAX_DEPTH = 100;

class Walk {
  readonly #reader: Reader;
  readonly #readRaw: ReadRaw;
  #depth = 0;

  constructor(reader: Reader, readRaw: ReadRaw) {
    this.#reader = reader;
    this.#readRaw = readRaw;
  }

  message(struct: Struct): PlainObject {
    const object: PlainObject = {};
    this.#entries(messageOf(struct), object);
    return object;
  }

  #entries(message: Message, into: PlainObject): void {
    const reader = this.#reader;
    while (reader.position < reader.end) {
      const tag = reader.uint32();
      const entry = message.byNumber[tag >>> 3];
      if (entry === undefined) reader.skip(tag & 7);
      else if ("embedded" in entry) this.#nested(() => this.#entries(entry.embedded, into));
      else if (entry.wrapped) this.#nested(() => this.#items(entry.field.type, into, entry.field.name));
      else this.#field(entry.field, tag & 7, into);
    }
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw new ProtoError(`protobuf: messages nested deeper than ${MAX_DEPTH}`);
    const outer = this.#reader.enter();
    const result = read();
    this.#reader.end = outer;
    this.#depth--;
    return result;
  }

  #field({ name, type }: Field, wireType: number, into: PlainObject): void {
    if (type.kind === "list") {
      const items = (into[name] ??= []) as unknown[];
      items.push(this.#value(type.item, wireType));
    } else if (type.kind === "map") this.#nested(() => this.#mapEntry(type.value, (into[name] ??= {}) as PlainObject));
    else into[name] = this.#value(type, wireType);
  }

  /** The items of a list that stands in a message of its own, as field 1. */
  #items(type: TypeRef, into: PlainObject, name: string): void {
    const items = (into[name] ??= []) as unknown[];
    if (type.kind !== "list") return;
    this.#each((number, wireType) => {
      if (number === 1) items.push(this.#value(type.item, wireType));
      else this.#reader.skip(wireType);
    });
  }

  #mapEntry(type: TypeRef, into: PlainObject): void {
    let key = "";
    let value: unknown;
    this.#each((number, wireType) => {
      if (number === 1) key = this.#reader.string();
      else if (number === 2) value = this.#value(type, wireType);
      else this.#reader.skip(wireType);
    });
    setKey(into, key, value);
  }

  #each(read: (number: number, wireType: number) => void): void {
    while (this.#reader.position < this.#reader.end) {
      const tag = this.#reader.uint32();
      read(tag >>> 3, tag & 7);
    }
  }

  #value(type: TypeRef, wireType: number): unknown {
    if (wireType !== wireTypeOf(type))
      throw new ProtoError(`protobuf: unexpected wire type ${wireType} at byte ${this.#reader.position}`);
    switch (type.kind) {
      case "scalar":
        return this.#scalar(type.scalar);
      case "struct":
        return this.#nested(() => this.message(type.struct));
      case "list": {
        const holder: PlainObject = {};
        this.#nested(() => this.#items(type, holder, "items"));
        return holder["items"];
      }
      case "schemaOr":
        return this.#nested(() => this.#schemaOr(type));
      case "map":
        throw new ProtoError("protobuf knows no map of maps");
      case "raw":
        return this.#nested(() => this.#raw(this.#readRaw));
      default:
        return this.#nested(() => this.#raw(parseJson));
    }
  }

  /** Field 1 holds the bytes of a whole value; absent ones are null. */
  #raw(read: ReadRaw): unknown {
    let value: unknown = null;
    this.#each((number, wireType) => {
      if (number !== 1) return this.#reader.skip(wireType);
      const bytes = this.#reader.bytes();
      value = bytes.length ? read(bytes) : null;
    });
    return value;
  }

  #scalar(scalar: Scalar): unknown {
    const reader = this.#reader;
    switch (scalar) {
      case "string":
        return reader.string();
      case "int32":
        return reader.int32();
      case "int64":
        return reader.int64();
      case "bool":
        return reader.bool();
      case "double":
        return reader.double();
      case "bytes":
        return reader.bytes().toString("base64");
      case "quantity":
        return this.#nested(() => this.#parts()[1] ?? "0");
      case "duration":
        return this.#nested(() => formatDurationNanos(BigInt((this.#parts()[1] as number | bigint | undefined) ?? 0)));
      case "intOrString":
        return this.#nested(() => {
          const [, type, int = 0, text = ""] = this.#parts();
          return type === 1 ? text : Number(BigInt.asIntN(32, BigInt(int as number | bigint)));
        });
      default:
        return this.#nested(() => this.#time(scalar));
    }
  }

  /** An empty message is the zero time. */
  #time(scalar: "time" | "microtime"): string | null {
    const [, seconds, nanos] = this.#parts();
    if (seconds === undefined && nanos === undefined) return null;
    const date = new Date(Number(seconds ?? 0) * 1000);
    if (Number.isNaN(date.getTime())) throw new ProtoError("protobuf: a time out of range");
    const text = date.toISOString().slice(0, -5);
    if (scalar === "time") return `${text}Z`;
    return `${text}.${String(Math.trunc(Number(nanos ?? 0) / 1000)).padStart(6, "0")}Z`;
  }

  /** The numbers and texts of a small message, by field number. */
  #parts(): unknown[] {
    const parts: unknown[] = [];
    this.#each((number, wireType) => {
      if (number > 3) this.#reader.skip(wireType);
      else if (wireType === WIRE.bytes) parts[number] = this.#reader.string();
      else if (wireType === WIRE.varint) parts[number] = this.#reader.int64();
      else this.#reader.skip(wireType);
    });
    return parts;
  }

  #schemaOr({ or, struct }: TypeRef & { kind: "schemaOr" }): unknown {
    const schema: TypeRef = { kind: "struct", name: struct.name, struct };
    const schemaNumber = or === "bool" ? 2 : 1;
    let one: unknown;
    let allows = false;
    const many: unknown[] = [];
    this.#each((number, wireType) => {
      if (number === schemaNumber) one = this.#value(schema, wireType);
      else if (number === 1) allows = this.#reader.bool();
      else if (number === 2) many.push(or === "schemas" ? this.#value(schema, wireType) : this.#reader.string());
      else this.#reader.skip(wireType);
    });
    return one ?? (or === "bool" ? allows : many);
  }
}

const parseJson = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());

function wireTypeOf(type: TypeRef): number {
  if (type.kind !== "scalar") return WIRE.bytes;
  if (type.scalar === "int32" || type.scalar === "int64" || type.scalar === "bool") return WIRE.varint;
  return type.scalar === "double" ? WIRE.fixed64 : WIRE.bytes;
}
