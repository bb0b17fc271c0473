/** A client as programs written with controller-runtime have it: protobuf for built-in kinds, JSON for custom ones, lists and then watches from their revision. */
import { decodeEnvelope, decodeProtobuf, encodeProtobuf, protobufMediaType } from "@kubets/api/codec/protobuf";
import type { PlainObject } from "@kubets/api/meta";
import { type Struct, structOf } from "@kubets/api/schema";
import type { Transport } from "@kubets/client";
import { ProtoError, Reader } from "@kubets/wire/proto";

const JSON_TYPE = "application/json";
const STATUS = structOf("apimachinery.pkg.apis.meta.v1.Status");

export interface Media {
  readonly accept: string;
  readonly contentType: string;
  encode(object: object): Uint8Array;
  decode(bytes: Uint8Array, type: string): PlainObject;
  /** The objects of a list, and its revision. */
  list(bytes: Uint8Array): { readonly items: readonly PlainObject[]; readonly resourceVersion: string };
  /** Takes whole events off the front of what has come; gives what is left. */
  events(bytes: Buffer, tell: (type: string, object: PlainObject) => void): Buffer;
}

export const json: Media = {
  accept: JSON_TYPE,
  contentType: JSON_TYPE,
  encode: (object) => Buffer.from(JSON.stringify(object)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as PlainObject,
  list(bytes) {
    const { items, metadata } = JSON.parse(Buffer.from(bytes).toString()) as {
      items: PlainObject[];
      metadata: { resourceVersion: string };
    };
    return { items, resourceVersion: metadata.resourceVersion };
  },
  events(bytes, tell) {
    const lines = bytes.toString().split("\n");
    for (const line of lines.slice(0, -1)) {
      const { type, object } = JSON.parse(line) as { type: string; object: PlainObject };
      tell(type, object);
    }
    return Buffer.from(lines.at(-1) ?? "");
  },
};

export const protobuf = (name: string): Media => {
  const struct = structOf(name);
  const object = (bytes: Uint8Array, of: Struct = struct) => decodeProtobuf(of, decodeEnvelope(bytes));
  return {
    accept: `${protobufMediaType},${JSON_TYPE}`,
    contentType: protobufMediaType,
    encode: (value) => encodeProtobuf(struct, value),
    decode(bytes, type) {
      if (type !== protobufMediaType) throw new ProtoError(`it came as ${type}`);
      return decodeEnvelope(bytes).kind === "Status" ? object(bytes, STATUS) : object(bytes);
    },
    list(bytes) {
      const { raw, kind, apiVersion } = decodeEnvelope(bytes);
      const reader = new Reader(raw);
      const items: PlainObject[] = [];
      let resourceVersion = "";
      while (reader.position < reader.end) {
        const field = reader.uint32() >>> 3;
        const part = reader.bytes();
        if (field === 2) items.push(decodeProtobuf(struct, { kind: kind.replace(/List$/, ""), apiVersion, raw: part }));
        else resourceVersion = listRevision(part);
      }
      return { items, resourceVersion };
    },
    events(bytes, tell) {
      let rest = bytes;
      while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
        const end = 4 + rest.readUInt32BE();
        const reader = new Reader(rest.subarray(4, end));
        reader.uint32();
        const type = reader.string();
        reader.uint32();
        const extension = new Reader(reader.bytes());
        extension.uint32();
        tell(type, object(extension.bytes()));
        rest = rest.subarray(end);
      }
      return rest;
    },
  };
};

function listRevision(meta: Uint8Array): string {
  const reader = new Reader(meta);
  while (reader.position < reader.end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 2) return reader.string();
    reader.skip(tag & 7);
  }
  return "";
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly object: PlainObject;
}

export class MediaClient {
  readonly #transport: Transport;
  readonly #media: Media;
  readonly #path: string;

  constructor(transport: Transport, path: string, media: Media) {
    this.#transport = transport;
    this.#path = path;
    this.#media = media;
  }

  async send(method: string, name: string, object?: object, headers: Record<string, string> = {}): Promise<Answer> {
    const { accept, contentType, encode, decode } = this.#media;
    const response = await this.#transport.request({
      method,
      path: name ? `${this.#path}/${name}` : this.#path,
      headers: { accept, ...(object && { "content-type": contentType }), ...headers },
      ...(object && { body: encode(object) }),
    });
    const type = String(response.headers["content-type"]);
    return { status: response.status, type, object: decode(await response.bytes(), type) };
  }

  /** Tells of what is there, then of what changes, until the signal. */
  async follow(tell: (type: string, object: PlainObject) => void, signal: AbortSignal): Promise<void> {
    const { accept, list, events } = this.#media;
    const get = (query: string) =>
      this.#transport.request({ method: "GET", path: `${this.#path}?${query}`, headers: { accept }, signal });
    const { items, resourceVersion } = list(await (await get("limit=500&resourceVersion=0")).bytes());
    for (const item of items) tell("ADDED", item);
    const watch = await get(
      `watch=true&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=${resourceVersion}`,
    );
    let rest: Buffer = Buffer.alloc(0);
    try {
      for await (const chunk of watch.stream()) rest = events(Buffer.concat([rest, chunk]), tell);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
