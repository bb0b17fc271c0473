/**
 * Plain object to protobuf, by the table of its message. Zero values are left out as proto3 has it, except for members
 * of a oneof; absent and undefined fields are left out always. Fields come in declared order, map keys in the order of
 * the object.
 */
import { type Field, KIND, type MessageType } from "./schema.ts";
import { Writer } from "./writer.ts";

/** What may be given for a `T` that is to be encoded: every field may be left out, at any depth. */
export type Init<T> = T extends Uint8Array
  ? Uint8Array
  : T extends readonly (infer Item)[]
    ? readonly Init<Item>[]
    : T extends object
      ? { readonly [K in keyof T]?: Init<T[K]> }
      : T;

type Plain = Readonly<Record<string, unknown>>;

const shared = new Writer();
let busy = false;

export function encode<T>(type: MessageType<T>, value: Init<T>): Buffer<ArrayBuffer> {
  // A getter in `value` could encode on its own; only then is a second writer needed.
  if (busy) return encodeWith(new Writer(), type, value);
  busy = true;
  try {
    return encodeWith(shared, type, value);
  } finally {
    busy = false;
  }
}

function encodeWith<T>(writer: Writer, type: MessageType<T>, value: Init<T>): Buffer<ArrayBuffer> {
  try {
    writeMessage(writer, type.fields, value as Plain);
  } catch (error) {
    writer.finish();
    throw error;
  }
  return writer.finish();
}

function writeMessage(writer: Writer, fields: readonly Field[], message: Plain): void {
  for (let i = fields.length - 1; i >= 0; i--) {
    const field = fields[i] as Field;
    const value = message[field.name];
    if (value === undefined || value === null) continue;
    if (field.repeated) writeRepeated(writer, field, value as readonly unknown[]);
    else if (field.mapKey !== 0) writeMap(writer, field, value as Plain);
    else if (field.optional || !isZero(value)) {
      writeValue(writer, field, value);
      writer.tag(field.number, field.wireType);
    }
  }
}

function isZero(value: unknown): boolean {
  return (
    value === 0 ||
    value === "" ||
    value === false ||
    value === 0n ||
    (value instanceof Uint8Array && value.length === 0)
  );
}

function writeRepeated(writer: Writer, field: Field, items: readonly unknown[]): void {
  if (items.length === 0) return;
  if (field.wireType !== 2) {
    const before = writer.length;
    for (let i = items.length - 1; i >= 0; i--) writeScalar(writer, field.kind, items[i]);
    writer.uint32(writer.length - before);
    writer.tag(field.number, 2);
    return;
  }
  for (let i = items.length - 1; i >= 0; i--) {
    writeValue(writer, field, items[i]);
    writer.tag(field.number, 2);
  }
}

function writeMap(writer: Writer, field: Field, entries: Plain): void {
  const keys = Object.keys(entries);
  for (let i = keys.length - 1; i >= 0; i--) {
    const key = keys[i] as string;
    const value = entries[key];
    if (value === undefined) continue;
    const before = writer.length;
    writeValue(writer, field, value);
    writer.tag(2, field.wireType);
    writeScalar(writer, field.mapKey, mapKey(field.mapKey, key));
    writer.tag(1, field.mapKey === KIND.string ? 2 : 0);
    writer.uint32(writer.length - before);
    writer.tag(field.number, 2);
  }
}

function mapKey(kind: number, key: string): unknown {
  if (kind === KIND.string) return key;
  return kind === KIND.bool ? key === "true" : BigInt(key);
}

function writeValue(writer: Writer, field: Field, value: unknown): void {
  if (field.kind !== KIND.message) {
    writeScalar(writer, field.kind, value);
    return;
  }
  const before = writer.length;
  writeMessage(writer, (field.message as MessageType<object>).fields, value as Plain);
  writer.uint32(writer.length - before);
}

function writeScalar(writer: Writer, kind: number, value: unknown): void {
  switch (kind) {
    case KIND.string:
      writer.string(value as string);
      break;
    case KIND.bytes:
      writer.bytes(value as Uint8Array);
      break;
    case KIND.bool:
      writer.bool(value as boolean);
      break;
    case KIND.int64:
    case KIND.uint64:
      writer.int64(value as number | bigint);
      break;
    case KIND.int32:
    case KIND.enum:
      writer.int32(Number(value));
      break;
    case KIND.uint32:
      writer.uint32(Number(value) >>> 0);
      break;
    case KIND.sint32:
      writer.sint32(Number(value));
      break;
    case KIND.sint64:
      writer.sint64(value as number | bigint);
      break;
    case KIND.double:
      writer.double(value as number);
      break;
    case KIND.float:
      writer.float(value as number);
      break;
    case KIND.fixed32:
    case KIND.sfixed32:
      writer.fixed32(Number(value));
      break;
    default:
      writer.fixed64(value as number | bigint);
  }
}
