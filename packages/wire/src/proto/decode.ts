/**
 * Protobuf to plain object, by the table of its message. Scalars, lists and maps are always there (empty ones are
 * shared and frozen); messages and members of a oneof only when they were sent. Unknown fields are skipped.
 * `bytes` are views into the input.
 */
import { MAX_DEPTH, ProtoError, Reader, WIRE } from "./reader.ts";
import { type Field, KIND, type MessageType, scalarDefault } from "./schema.ts";

type Plain = Record<string, unknown>;

export function decode<T>(type: MessageType<T>, bytes: Uint8Array): T {
  const message = { ...type.defaults } as Plain;
  readMessage(new Reader(bytes), type as MessageType<unknown>, message, 0);
  return message as T;
}

function readMessage(reader: Reader, type: MessageType<unknown>, into: Plain, depth: number): void {
  if (depth > MAX_DEPTH) throw new ProtoError(`protobuf: messages nested deeper than ${MAX_DEPTH}`);
  const table = type.byNumber;
  while (reader.position < reader.end) {
    const tag = reader.uint32();
    const field = table[tag >>> 3];
    const wireType = tag & 7;
    if (field === undefined) reader.skip(wireType);
    else if (field.repeated) readRepeated(reader, field, wireType, into, depth);
    else if (field.mapKey !== 0) readMapEntry(reader, field, wireType, into, depth);
    else if (wireType !== field.wireType) throw mismatch(type, field, wireType);
    else if (field.kind === KIND.message) into[field.name] = readNested(reader, field, into[field.name], depth);
    else into[field.name] = readScalar(reader, field.kind);
  }
}

/** A message sent in several pieces is merged, as the format has it. */
function readNested(reader: Reader, field: Field, earlier: unknown, depth: number): unknown {
  const type = field.message as MessageType<object>;
  const message = (earlier ?? { ...type.defaults }) as Plain;
  const outer = reader.enter();
  readMessage(reader, type, message, depth + 1);
  reader.end = outer;
  return message;
}

function readRepeated(reader: Reader, field: Field, wireType: number, into: Plain, depth: number): void {
  let items = into[field.name] as unknown[];
  if (items.length === 0) {
    items = [];
    into[field.name] = items;
  }
  if (field.kind === KIND.message && wireType === WIRE.bytes) items.push(readNested(reader, field, undefined, depth));
  else if (wireType === field.wireType) items.push(readScalar(reader, field.kind));
  else if (wireType === WIRE.bytes) {
    const outer = reader.enter();
    while (reader.position < reader.end) items.push(readScalar(reader, field.kind));
    reader.end = outer;
  } else throw mismatch(undefined, field, wireType);
}

function readMapEntry(reader: Reader, field: Field, wireType: number, into: Plain, depth: number): void {
  if (wireType !== WIRE.bytes) throw mismatch(undefined, field, wireType);
  let key: unknown = scalarDefault(field.mapKey);
  let value: unknown;
  const outer = reader.enter();
  while (reader.position < reader.end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) key = readScalar(reader, field.mapKey);
    else if (tag >>> 3 !== 2) reader.skip(tag & 7);
    else if (field.kind === KIND.message) value = readNested(reader, field, value, depth);
    else value = readScalar(reader, field.kind);
  }
  reader.end = outer;
  value ??=
    field.kind === KIND.message ? { ...(field.message as MessageType<object>).defaults } : scalarDefault(field.kind);
  let entries = into[field.name] as Plain;
  if (Object.isFrozen(entries)) {
    entries = {};
    into[field.name] = entries;
  }
  setOwn(entries, String(key), value);
}

/** `__proto__` is a key like any other. */
function setOwn(entries: Plain, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(entries, key, { value, enumerable: true, writable: true, configurable: true });
  else entries[key] = value;
}

function mismatch(type: MessageType<unknown> | undefined, field: Field, wireType: number): ProtoError {
  const name = type ? `${type.name}.${field.name}` : field.name;
  return new ProtoError(`protobuf: field ${name} has wire type ${wireType}, not ${field.wireType}`);
}

function readScalar(reader: Reader, kind: number): unknown {
  switch (kind) {
    case KIND.string:
      return reader.string();
    case KIND.bytes:
      return reader.bytes();
    case KIND.bool:
      return reader.bool();
    case KIND.int64:
      return reader.int64();
    case KIND.uint64:
      return reader.uint64();
    case KIND.int32:
    case KIND.enum:
      return reader.int32();
    case KIND.uint32:
      return reader.uint32();
    case KIND.sint32:
      return reader.sint32();
    case KIND.sint64:
      return reader.sint64();
    case KIND.double:
      return reader.double();
    case KIND.float:
      return reader.float();
    case KIND.fixed32:
      return reader.fixed32();
    case KIND.sfixed32:
      return reader.sfixed32();
    case KIND.fixed64:
      return reader.fixed64();
    default:
      return reader.sfixed64();
  }
}
