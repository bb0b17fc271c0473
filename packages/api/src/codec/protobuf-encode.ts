/**
 * Objects in canonical form as Kubernetes protobuf messages, with the bytes that the original writes: scalars that are no pointers are
 * written even when zero, pointers and lists only when there, maps in the order of their keys' bytes. The writer goes from the end to
 * the start, so everything here is written in reverse.
 */
import { parseDurationNanos } from "@kubets/machinery/duration";
import { WIRE, Writer } from "@kubets/wire/proto";
import type { PlainObject } from "../meta.ts";
import type { Field, Scalar, Struct, TypeRef } from "../schema.ts";
import { encodeJson } from "./json.ts";
import { sortedKeys } from "./map-keys.ts";
import { type Entry, type Message, messageOf } from "./protobuf-plan.ts";

export function writeStruct(writer: Writer, struct: Struct, object: PlainObject): void {
  writeEntries(writer, messageOf(struct), object);
}

function writeEntries(writer: Writer, message: Message, object: PlainObject): void {
  for (let i = message.entries.length - 1; i >= 0; i--) {
    const entry = message.entries[i] as Entry;
    if ("embedded" in entry) nest(writer, entry.number, () => writeEntries(writer, entry.embedded, object));
    else if (entry.wrapped)
      nest(writer, entry.number, () => writeItems(writer, 1, entry.field.type, object[entry.field.name]));
    else writeField(writer, entry.number, entry.field, object[entry.field.name]);
  }
}

/** What `write` writes, as the message of a field. */
function nest(writer: Writer, number: number, write: () => void): void {
  const before = writer.length;
  write();
  writer.uint32(writer.length - before);
  writer.tag(number, WIRE.bytes);
}

function writeField(writer: Writer, number: number, field: Field, value: unknown): void {
  const { type } = field;
  if (type.kind === "list") writeItems(writer, number, type, value);
  else if (type.kind === "map") writeMap(writer, number, type.value, value as PlainObject | undefined);
  else if (value !== undefined && value !== null) writeValue(writer, number, type, value);
  else if (!field.pointer) writeZero(writer, number, type);
}

function writeItems(writer: Writer, number: number, type: TypeRef, value: unknown): void {
  if (type.kind !== "list" || !Array.isArray(value)) return;
  for (let i = value.length - 1; i >= 0; i--) writeItem(writer, number, type.item, value[i]);
}

function writeItem(writer: Writer, number: number, type: TypeRef, value: unknown): void {
  if (value === undefined || value === null) writeZero(writer, number, type);
  else writeValue(writer, number, type, value);
}

function writeMap(writer: Writer, number: number, type: TypeRef, value: PlainObject | null | undefined): void {
  if (!value) return;
  for (const key of keysInByteOrder(value).reverse())
    nest(writer, number, () => {
      writeItem(writer, 2, type, value[key]);
      writer.string(key);
      writer.tag(1, WIRE.bytes);
    });
}

/** Keys that look like numbers stand first in an object, whatever their bytes. */
const keysInByteOrder = (map: PlainObject) => [...sortedKeys(map)];

function writeValue(writer: Writer, number: number, type: TypeRef, value: unknown): void {
  switch (type.kind) {
    case "scalar":
      writeScalar(writer, number, type.scalar, value);
      break;
    case "struct":
      nest(writer, number, () => writeStruct(writer, type.struct, value as PlainObject));
      break;
    case "list":
      // A list as the value of a map has a message of its own.
      nest(writer, number, () => writeItems(writer, 1, type, value));
      break;
    case "schemaOr":
      nest(writer, number, () => writeSchemaOr(writer, type, value));
      break;
    case "map":
      throw new Error("protobuf knows no map of maps");
    default:
      nest(writer, number, () => {
        writer.bytes(Buffer.from(encodeJson(value)));
        writer.tag(1, WIRE.bytes);
      });
  }
}

/** What stands for a field that is no pointer and was not given. */
function writeZero(writer: Writer, number: number, type: TypeRef): void {
  if (type.kind === "scalar") {
    if (ZERO[type.scalar] !== undefined) writeScalar(writer, number, type.scalar, ZERO[type.scalar]);
    else if (type.scalar !== "bytes") nest(writer, number, () => undefined);
  } else if (type.kind === "struct") nest(writer, number, () => writeStruct(writer, type.struct, {}));
  else nest(writer, number, () => undefined);
}

const ZERO: Readonly<Partial<Record<Scalar, unknown>>> = {
  string: "",
  int32: 0,
  int64: 0,
  bool: false,
  double: 0,
  quantity: "0",
  duration: "0s",
  intOrString: 0,
};

function writeScalar(writer: Writer, number: number, scalar: Scalar, value: unknown): void {
  switch (scalar) {
    case "string":
      writer.string(value as string);
      writer.tag(number, WIRE.bytes);
      break;
    case "int32":
      writer.int32(value as number);
      writer.tag(number, WIRE.varint);
      break;
    case "int64":
      writer.int64(value as number | bigint);
      writer.tag(number, WIRE.varint);
      break;
    case "bool":
      writer.bool(value as boolean);
      writer.tag(number, WIRE.varint);
      break;
    case "double":
      writer.double(value as number);
      writer.tag(number, WIRE.fixed64);
      break;
    case "bytes":
      writer.bytes(Buffer.from(value as string, "base64"));
      writer.tag(number, WIRE.bytes);
      break;
    default:
      nest(writer, number, () => writeWrapped(writer, scalar, value));
  }
}

/** The scalars of JSON that are messages here. */
function writeWrapped(
  writer: Writer,
  scalar: "quantity" | "time" | "microtime" | "duration" | "intOrString",
  value: unknown,
): void {
  switch (scalar) {
    case "quantity":
      writer.string(value as string);
      writer.tag(1, WIRE.bytes);
      break;
    case "duration":
      writer.int64(parseDurationNanos(value as string));
      writer.tag(1, WIRE.varint);
      break;
    case "intOrString": {
      const text = typeof value === "string";
      writeScalar(writer, 3, "string", text ? value : "");
      writeScalar(writer, 2, "int32", text ? 0 : value);
      writeScalar(writer, 1, "int64", text ? 1 : 0);
      break;
    }
    default: {
      const [, micros] = /\.(\d{6})Z$/.exec(value as string) ?? [];
      writeScalar(writer, 2, "int32", Number(micros ?? 0) * 1000);
      writeScalar(writer, 1, "int64", Math.floor(Date.parse(value as string) / 1000));
    }
  }
}

function writeSchemaOr(writer: Writer, type: TypeRef & { kind: "schemaOr" }, value: unknown): void {
  const schema: TypeRef = { kind: "struct", name: type.struct.name, struct: type.struct };
  const isSchema = typeof value === "object" && !Array.isArray(value);
  if (type.or === "bool") {
    if (isSchema) writeValue(writer, 2, schema, value);
    writeScalar(writer, 1, "bool", value !== false);
  } else if (isSchema) writeValue(writer, 1, schema, value);
  else {
    const item: TypeRef = type.or === "schemas" ? schema : { kind: "scalar", scalar: "string" };
    writeItems(writer, 2, { kind: "list", item }, value);
  }
}
