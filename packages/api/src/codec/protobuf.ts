/**
 * Kubernetes protobuf: a message of the kind inside an envelope, `k8s\0` and a runtime.Unknown that names the kind. Lists and watch events
 * are put together of messages that are encoded already.
 */
import { badRequest } from "@kubets/machinery";
import { QuantityError } from "@kubets/machinery/quantity";
import { ProtoError, Reader, WIRE, Writer } from "@kubets/wire/proto";
import { typeName } from "../define.ts";
import type { PlainObject } from "../meta.ts";
import { parseGroupVersion } from "../resource-ref.ts";
import { hasStruct, type Struct, structOf } from "../schema.ts";
import { canonical, WrongType } from "./canonical.ts";
import { readStruct } from "./protobuf-decode.ts";
import { writeStruct } from "./protobuf-encode.ts";

export const protobufMediaType = "application/vnd.kubernetes.protobuf";

const MAGIC = Buffer.from("k8s\0");

interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  /** The message of the kind. */
  readonly raw: Uint8Array;
}

export const isProtobuf = (bytes: Uint8Array): boolean =>
  bytes.length >= MAGIC.length && MAGIC.every((byte, i) => bytes[i] === byte);

/** A whole object, in its envelope; apiVersion and kind are the object's own. */
export function encodeProtobuf(struct: Struct, object: object): Buffer {
  const { apiVersion = "", kind = "" } = object as { apiVersion?: string; kind?: string };
  return encodeEnvelope({ apiVersion, kind, raw: encodeMessage(struct, object as PlainObject) });
}

/** An object of any kind that has a message, by what it says it is. */
export function encodeKnown(object: object): Buffer | undefined {
  const { apiVersion = "", kind = "" } = object as { apiVersion?: string; kind?: string };
  const struct = structOfKind(apiVersion, kind);
  return struct && encodeProtobuf(struct, canonical(struct, object as PlainObject));
}

function structOfKind(apiVersion: string, kind: string): Struct | undefined {
  const { group, version } = parseGroupVersion(apiVersion);
  const name = [typeName(group, version, kind), `apimachinery.pkg.apis.meta.v1.${kind}`].find(hasStruct);
  return name === undefined ? undefined : structOf(name);
}

/** The bare message of an object. */
export function encodeMessage(struct: Struct, object: PlainObject): Buffer {
  const writer = new Writer();
  writeStruct(writer, struct, object);
  return writer.finish();
}

export function encodeEnvelope(envelope: Envelope): Buffer {
  const { apiVersion, kind, raw } = envelope;
  const writer = new Writer(raw.length + apiVersion.length + kind.length + 64);
  writer.raw(ENVELOPE_END);
  writer.raw(raw);
  writeEnvelopeHead(writer, envelope, raw.length);
  return writer.finish();
}

/** Of a message of `size` bytes. */
function writeEnvelopeHead(writer: Writer, { apiVersion, kind }: Omit<Envelope, "raw">, size: number): void {
  writer.uint32(size);
  writer.tag(2, WIRE.bytes);
  const before = writer.length;
  writer.string(kind);
  writer.tag(2, WIRE.bytes);
  writer.string(apiVersion);
  writer.tag(1, WIRE.bytes);
  writer.uint32(writer.length - before);
  writer.tag(1, WIRE.bytes);
  writer.raw(MAGIC);
}

/** The fields 3 and 4, which are empty. */
const ENVELOPE_END = Buffer.from([0x1a, 0, 0x22, 0]);

/** An item as a list has it. */
export function encodeListItem(struct: Struct, object: PlainObject): Buffer {
  const writer = new Writer();
  writeStruct(writer, struct, object);
  writer.uint32(writer.length);
  writer.tag(2, WIRE.bytes);
  return writer.finish();
}

/** A list, of its items one behind another. */
export function encodeList(type: Omit<Envelope, "raw">, metadata: PlainObject, items: Buffer): Buffer[] {
  const writer = new Writer();
  writer.bytes(encodeMessage(structOf("apimachinery.pkg.apis.meta.v1.ListMeta"), metadata));
  writer.tag(1, WIRE.bytes);
  writeEnvelopeHead(writer, type, writer.length + items.length);
  return [writer.finish(), items, ENVELOPE_END];
}

/** One frame of a watch: its length in four bytes, then the event around the object in its envelope. */
export function encodeProtobufEvent(type: string, struct: Struct, object: object): Buffer {
  return encodeWatchFrame(type, encodeProtobuf(struct, object));
}

export function encodeWatchFrame(type: string, object: Uint8Array): Buffer {
  const writer = new Writer(object.length + 64);
  const before = writer.length;
  writer.bytes(object);
  writer.tag(1, WIRE.bytes);
  writer.uint32(writer.length - before);
  writer.tag(2, WIRE.bytes);
  writer.string(type);
  writer.tag(1, WIRE.bytes);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(writer.length);
  writer.raw(size);
  return writer.finish();
}

/** Opens an envelope; throws a bad request for what is none. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  if (!isProtobuf(bytes))
    throw badRequest("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
  return wellFormed(() => {
    const reader = new Reader(bytes.subarray(MAGIC.length));
    let raw: Uint8Array = new Uint8Array();
    let [apiVersion, kind] = ["", ""];
    while (reader.position < reader.end) {
      const tag = reader.uint32();
      if (tag >>> 3 === 1) [apiVersion, kind] = readTypeMeta(reader);
      else if (tag >>> 3 === 2) raw = reader.bytes();
      else reader.skip(tag & 7);
    }
    return { apiVersion, kind, raw };
  });
}

function readTypeMeta(reader: Reader): [apiVersion: string, kind: string] {
  const outer = reader.enter();
  let [apiVersion, kind] = ["", ""];
  while (reader.position < reader.end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) apiVersion = reader.string();
    else if (tag >>> 3 === 2) kind = reader.string();
    else reader.skip(tag & 7);
  }
  reader.end = outer;
  return [apiVersion, kind];
}

/** An object that the original stored. */
export const decodeStoredProtobuf = (bytes: Uint8Array, struct: Struct): PlainObject =>
  decodeProtobuf(struct, decodeEnvelope(bytes));

/** The object of an envelope, in canonical form. */
export function decodeProtobuf(struct: Struct, { apiVersion, kind, raw }: Envelope): PlainObject {
  const object = wellFormed(() => readStruct(struct, raw, readRaw));
  if (struct.byName.has("kind") && kind) object["kind"] = kind;
  if (struct.byName.has("apiVersion") && apiVersion) object["apiVersion"] = apiVersion;
  return wellFormed(() => canonical(struct, object, { own: true }));
}

/** What a RawExtension holds: JSON mostly, or an envelope of a known kind. */
function readRaw(bytes: Uint8Array): unknown {
  if (!isProtobuf(bytes)) return JSON.parse(Buffer.from(bytes).toString());
  const envelope = decodeEnvelope(bytes);
  const struct = structOfKind(envelope.apiVersion, envelope.kind);
  if (!struct) throw new ProtoError(`no kind "${envelope.kind}" is registered for version "${envelope.apiVersion}"`);
  return decodeProtobuf(struct, envelope);
}

const BAD_MESSAGE = [ProtoError, SyntaxError, QuantityError, WrongType];

function wellFormed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (BAD_MESSAGE.some((kind) => error instanceof kind)) throw badRequest((error as Error).message);
    throw error;
  }
}
