/** How watch events become bytes, for each form that is asked for. The plain form joins bytes that are there already. */
import { encodeJson } from "@kubets/api/codec/json";
import { encodeProtobufEvent } from "@kubets/api/codec/protobuf";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import { groupVersion } from "@kubets/api/resource-ref";
import { type Struct, structOf } from "@kubets/api/schema";
import { notAcceptable, type Status } from "@kubets/machinery";
import { writeCbor } from "@kubets/machinery/cbor";
import { Frame } from "@kubets/wire/http";
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

const plainForm: EventForm = {
  key: "json",
  frame(events) {
    const parts: Buffer[] = [];
    for (const { type, object } of events) parts.push(HEADS[type], object.bytes, TAIL);
    return new Frame(Buffer.concat(parts));
  },
};

export function eventFormOf(call: ApiCall): EventForm {
  const { form, resource } = call;
  const { definition } = resource;
  if (form.as?.kind === "Table") return tableForm(call);
  if (form.as) {
    const { version } = form.as;
    const render = (object: KubeObject) => partialMetadata(object, version, definition.internalAnnotations);
    return shownForm(call, PARTIAL_METADATA(), render);
  }
  if (form.media === "json" && !definition.hub) return plainForm;
  return shownForm(call, definition.schema, (object) => object);
}

const PARTIAL_METADATA = () => structOf("apimachinery.pkg.apis.meta.v1.PartialObjectMetadata");

/** Each event encoded for itself, its object in the version of the request and shown in some way. */
function shownForm(call: ApiCall, schema: Struct, show: (object: KubeObject) => object): EventForm {
  const { form, resource } = call;
  return {
    key: `${groupVersion(resource.definition)} ${form.key}`,
    frame(events) {
      const shown = events.map(({ type, object: cached }) => {
        const object = type === "BOOKMARK" ? cached.object : inVersion(call, cached.object);
        return encodeEvent(form.media, type, show(object), schema);
      });
      return new Frame(Buffer.concat(shown));
    },
  };
}

/** Each event is a table of one row; only the first of a connection says its columns, so frames are not shared. */
function tableForm(call: ApiCall): EventForm {
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
        return encodeEvent(call.form.media, type, table);
      });
      return new Frame(Buffer.concat(tables));
    },
  };
}
let serial = 0;

/** One event. `schema` is there for what has a message of protobuf. */
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
export const errorFrame = ({ form }: Pick<ApiCall, "form">, status: Status): Frame =>
  new Frame(encodeEvent(form.media, "ERROR", status, structOf("apimachinery.pkg.apis.meta.v1.Status")));
