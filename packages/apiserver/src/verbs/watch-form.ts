/** How watch events become bytes, for each form that is asked for. The plain form joins bytes that are there already. */
import { encodeJson } from "@kubets/api/codec/json";
import { encodeProtobufEvent } from "@kubets/api/codec/protobuf";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import { groupVersion } from "@kubets/api/resource-ref";
import type { Status } from "@kubets/machinery";
import { Frame } from "@kubets/wire/http";
import { type ApiCall, inVersion } from "../api-call.ts";
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
  if (form.media === "protobuf" && !form.as) return protobufForm(call);
  if (!form.as && !resource.definition.hub) return plainForm;
  if (form.as?.kind === "Table") return tableForm(call);
  return textForm(call, form.key, (object) =>
    form.as ? JSON.stringify(partialMetadata(object, form.as.version)) : encodeJson(resource.definition.schema, object),
  );
}

function textForm(call: ApiCall, name: string, render: (object: KubeObject) => string): EventForm {
  const { definition } = call.resource;
  return {
    key: `${groupVersion(definition)} ${name}`,
    frame(events) {
      const lines = events.map(({ type, object }) => {
        const rendered = type === "BOOKMARK" ? object.bytes.toString() : render(inVersion(call, object.object));
        return `{"type":"${type}","object":${rendered}}\n`;
      });
      return new Frame(Buffer.from(lines.join("")));
    },
  };
}

/** Each event is a table of one row; only the first of a connection says its columns, so frames are not shared. */
function tableForm(call: ApiCall): EventForm {
  let columnsSaid = false;
  return {
    key: `table ${++serial}`,
    frame(events) {
      const lines = events.map(({ type, object: cached }) => {
        const object = type === "BOOKMARK" ? cached.object : inVersion(call, cached.object);
        const table = {
          kind: "Table",
          apiVersion: `meta.k8s.io/${call.form.as?.version}`,
          metadata: { resourceVersion: object.metadata.resourceVersion },
          columnDefinitions: columnsSaid ? null : columnsOf(call),
          rows: type === "BOOKMARK" ? [] : rowsOf(call, [object]),
        };
        columnsSaid = true;
        return `${JSON.stringify({ type, object: table })}\n`;
      });
      return new Frame(Buffer.from(lines.join("")));
    },
  };
}
let serial = 0;

function protobufForm(call: ApiCall): EventForm {
  const { definition } = call.resource;
  return {
    key: `${groupVersion(definition)} protobuf`,
    frame: (events) =>
      new Frame(
        Buffer.concat(
          events.map(({ type, object }) =>
            encodeProtobufEvent(type, definition.schema, inVersion(call, object.object)),
          ),
        ),
      ),
  };
}

/** An object with nothing but its kind and the revision up to which everything was told. */
export function bookmarkObject(
  definition: ResourceDefinition,
  revision: number,
  initialEventsEnd: boolean,
): CachedObject {
  const metadata: Record<string, unknown> = { resourceVersion: String(revision) };
  if (initialEventsEnd) metadata["annotations"] = { "k8s.io/initial-events-end": "true" };
  const object = { kind: definition.kind, apiVersion: groupVersion(definition), metadata } as unknown as KubeObject;
  return new CachedObject("", revision, Buffer.from(encodeJson(definition.schema, object)), object);
}

/** The last thing that a watch says when it cannot go on. */
export const errorFrame = (status: Status): Frame =>
  new Frame(Buffer.from(`${JSON.stringify({ type: "ERROR", object: status })}\n`));
