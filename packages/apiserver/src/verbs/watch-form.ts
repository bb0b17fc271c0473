/** How watch events become bytes, for each form that is asked for and each road that they take. The plain form joins bytes that are there already. */
import { encodeJson } from "@kubets/api/codec/json";
import { encodeProtobufEvent } from "@kubets/api/codec/protobuf";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import { groupVersion } from "@kubets/api/resource-ref";
import { type Struct, structOf } from "@kubets/api/schema";
import { notAcceptable, type Status } from "@kubets/machinery";
import { writeCbor } from "@kubets/machinery/cbor";
import { Frame } from "@kubets/wire/http";
import { messagePieces } from "@kubets/wire/websocket";
import { type ApiCall, inVersion } from "../api-call.ts";
import { CONTENT_TYPE, type Media, offeredMedia, offerOf } from "../media.ts";
import { partialMetadata } from "../partial-metadata.ts";
import { CachedObject } from "../store/cached-object.ts";
import type { BatchEvent, EventForm } from "../store/event-batch.ts";
import { columnsOf, rowsOf } from "../table.ts";

const HEADS = Object.fromEntries(
  ["ADDED", "MODIFIED", "DELETED", "BOOKMARK"].map((type) => [type, Buffer.from(`{"type":"${type}","object":`)]),
) as Record<BatchEvent["type"], Buffer>;
const TAIL = Buffer.from("}\n");

/** Events follow one upon the other in a stream, or each is a message of a WebSocket. */
export type Framing = "stream" | "messages";

const plainForms = { stream: plainForm("stream"), messages: plainForm("messages") };

function plainForm(framing: Framing): EventForm {
  const encode = ({ type, object }: BatchEvent) => [HEADS[type], object.bytes, TAIL];
  return { key: `json ${framing}`, frame: (events) => frameOf(events.map(encode), "json", framing) };
}

export function eventFormOf(call: ApiCall, framing: Framing): EventForm {
  const { form, resource } = call;
  const { definition } = resource;
  if (form.as?.kind === "Table") return tableForm(call, framing);
  if (form.as) {
    const { version } = form.as;
    const render = (object: KubeObject) => partialMetadata(object, version, definition.internalAnnotations);
    return shownForm(call, framing, PARTIAL_METADATA(), render);
  }
  if (form.media === "json" && !definition.hub) return plainForms[framing];
  return shownForm(call, framing, definition.schema, (object) => object);
}

const PARTIAL_METADATA = () => structOf("apimachinery.pkg.apis.meta.v1.PartialObjectMetadata");

/** Each event encoded for itself, its object in the version of the request and shown in some way. */
function shownForm(call: ApiCall, framing: Framing, schema: Struct, show: (object: KubeObject) => object): EventForm {
  const { form, resource } = call;
  return {
    key: `${groupVersion(resource.definition)} ${form.key} ${framing}`,
    frame(events) {
      const shown = events.map(({ type, object: cached }) => {
        const object = type === "BOOKMARK" ? cached.object : inVersion(call, cached.object);
        return [encodeEvent(form.media, type, show(object), schema)];
      });
      return frameOf(shown, form.media, framing);
    },
  };
}

/** Each event is a table of one row; only the first of a connection says its columns, so frames are not shared. */
function tableForm(call: ApiCall, framing: Framing): EventForm {
  let columnsSaid = false;
  return {
    key: `table ${++serial}`,
    frame(events) {
      const tables = events.map(({ type, object: cached }) => {
        const object = type === "BOOKMARK" ? cached.object : inVersion(call, cached.object);
        const table = {
          kind: "Table",
          apiVersion: `meta.k8s.io/${call.form.as?.version}`,
          metadata: { resourceVersion: object.metadata.resourceVersion },
          columnDefinitions: columnsSaid ? null : columnsOf(call),
          rows: type === "BOOKMARK" ? [] : [rowsOf(call)(object)],
        };
        columnsSaid = true;
        return [encodeEvent(call.form.media, type, table)];
      });
      return frameOf(tables, call.form.media, framing);
    },
  };
}
let serial = 0;

/** Events, each in pieces. */
function frameOf(events: readonly (readonly Buffer[])[], media: Media, framing: Framing): Frame {
  const pieces: Uint8Array[] = [];
  for (const event of events) pieces.push(...(framing === "stream" ? event : messageOf(event, media)));
  return new Frame(Buffer.concat(pieces));
}

/** A message says by itself how long it is, which in a stream of protobuf stands before each event. */
function messageOf(event: readonly Buffer[], media: Media): Uint8Array[] {
  const bare = media === "protobuf" ? event.map((framed) => framed.subarray(LENGTH_BYTES)) : event;
  return messagePieces(bare, media === "json");
}
const LENGTH_BYTES = 4;

/** One event of a stream. `schema` is there for what has a message of protobuf. */
function encodeEvent(media: Media, type: string, object: object, schema?: Struct): Buffer {
  if (media === "protobuf" && schema) return encodeProtobufEvent(type, schema, object);
  if (media === "cbor") return writeCbor({ type, object });
  return Buffer.from(`{"type":"${type}","object":${encodeJson(object)}}\n`);
}

/** The media type of a call's stream of events. */
export function streamType({ form, resource, server }: ApiCall): string {
  const type = STREAM_TYPE[form.media];
  if (type !== undefined) return type;
  const offered = offeredMedia(offerOf(server, resource.definition.isCustom === true)).split(", ");
  const streamed = offered.filter((media) => media !== CONTENT_TYPE.yaml);
  throw notAcceptable(
    `only the following media types are accepted: ${streamed.flatMap((media) => [media, `${media};stream=watch`]).join(", ")}`,
  );
}

/** What a watch says that its bytes are: not one document, but one after the other. YAML has no such form. */
const STREAM_TYPE: Readonly<Partial<Record<Media, string>>> = {
  json: CONTENT_TYPE.json,
  protobuf: `${CONTENT_TYPE.protobuf};stream=watch`,
  cbor: "application/cbor-seq",
};

/** An object with nothing but its kind and the revision up to which everything was told. */
export function bookmarkObject(
  definition: ResourceDefinition,
  revision: number,
  initialEventsEnd: boolean,
): CachedObject {
  const metadata: Record<string, unknown> = { resourceVersion: String(revision) };
  if (initialEventsEnd) metadata["annotations"] = { "k8s.io/initial-events-end": "true" };
  const object = { kind: definition.kind, apiVersion: groupVersion(definition), metadata } as unknown as KubeObject;
  return new CachedObject("", revision, Buffer.from(encodeJson(object)), object);
}

/** The last thing that a watch says when it cannot go on. */
export function errorFrame({ form }: Pick<ApiCall, "form">, status: Status, framing: Framing): Frame {
  const event = encodeEvent(form.media, "ERROR", status, structOf("apimachinery.pkg.apis.meta.v1.Status"));
  return frameOf([[event]], form.media, framing);
}
