/**
 * Answers with many objects, in the form that was asked for. The plain case, JSON in the stored version, is put together of cached bytes;
 * in all others one object after the other is brought into its form, and others get their turn between.
 */
import type { KubeObject, PlainObject } from "@kubets/api/meta";
import { groupVersion } from "@kubets/api/resource-ref";
import { type Struct, structOf } from "@kubets/api/schema";
import { notAcceptable } from "@kubets/machinery";
import { inOneGo, inShortStretches } from "@kubets/machinery/short-stretches";
import { type ApiCall, inVersion } from "./api-call.ts";
import { goPackage } from "./body.ts";
import {
  cborWriter,
  jsonWriter,
  type ListFrame,
  type ListWriter,
  prettyWriter,
  protobufWriter,
  yamlWriter,
} from "./list-writer.ts";
import { type AnswerForm, CONTENT_TYPE } from "./media.ts";
import { partialMetadata } from "./partial-metadata.ts";
import { headersOf, type ListMeta, respondValue } from "./respond.ts";
import { send } from "./send.ts";
import type { CachedObject } from "./store/cached-object.ts";
import { columnsOf, rowsIfEmpty, rowsOf } from "./table.ts";

export function respondList(call: ApiCall, objects: readonly CachedObject[], meta: ListMeta): void | Promise<void> {
  const { exchange, form, resource } = call;
  const { definition } = resource;
  const head = { kind: `${definition.kind}List`, apiVersion: groupVersion(definition), metadata: meta };
  exchange.audit?.answer(() => ({ ...head, items: objects.map((cached) => inVersion(call, cached.object)) }));
  if (exchange.direct) return respondDirect(call, objects, head);
  if (form.media === "json" && !form.pretty && !form.as && !definition.hub) return respondJson(call, objects, meta);
  if (form.as?.kind === "PartialObjectMetadata")
    throw notAcceptable(
      `you requested PartialObjectMetadata, but the requested object is a list (*${goPackage(definition.group)}.${head.kind})`,
    );
  return respondShown(call, objects, shownList(call, head));
}

async function respondDirect(call: ApiCall, objects: readonly CachedObject[], head: PlainObject): Promise<void> {
  const items: KubeObject[] = [];
  await inShortStretches(objects.values(), (cached) => items.push(inVersion(call, cached.object)));
  call.exchange.direct?.respond(200, { ...head, items });
}

/** What a list looks like in a form. */
interface ShownList extends ListFrame {
  readonly ifEmpty: readonly [] | null;
  show(object: KubeObject): object;
  /** Of an item. What has no message of protobuf goes as JSON, and says so. */
  readonly message?: Struct;
}

function shownList(call: ApiCall, head: PlainObject): ShownList {
  const { form, resource } = call;
  const { definition } = resource;
  const meta = head["metadata"] as ListMeta;
  if (form.as?.kind === "Table")
    return {
      head: {
        ...head,
        kind: "Table",
        apiVersion: `meta.k8s.io/${form.as.version}`,
        columnDefinitions: columnsOf(call),
      },
      items: "rows",
      ifEmpty: rowsIfEmpty(call),
      show: rowsOf(call),
    };
  if (form.as) {
    const { version } = form.as;
    return {
      head: { ...head, kind: "PartialObjectMetadataList", apiVersion: `meta.k8s.io/${version}` },
      items: "items",
      ifEmpty: null,
      show: (object) => partialMetadata(object, version, definition.internalAnnotations),
      message: structOf("apimachinery.pkg.apis.meta.v1.PartialObjectMetadata"),
    };
  }
  return {
    head: { ...head, ...(definition.isCustom && { metadata: customMeta(meta) }) },
    items: "items",
    ifEmpty: [],
    show: definition.isCustom ? (object) => object : withoutKind,
    message: definition.schema,
  };
}

async function respondShown(call: ApiCall, objects: readonly CachedObject[], list: ShownList): Promise<void> {
  const { head, items, ifEmpty, show, message } = list;
  const isMessage = call.form.media === "protobuf" && message !== undefined;
  if (objects.length === 0 && !isMessage) return respondValue(call, 200, { ...head, [items]: ifEmpty });
  const writer = isMessage ? protobufWriter(list, message) : writerOf(call.form, list);
  const parts: Buffer[] = [];
  await inShortStretches(objects.values(), (cached) => parts.push(writer.item(show(inVersion(call, cached.object)))));
  const media = call.form.media === "protobuf" && !isMessage ? "json" : call.form.media;
  send(call, 200, headersOf(call, CONTENT_TYPE[media]), writer.whole(parts));
}

function writerOf({ media, pretty }: AnswerForm, list: ListFrame): ListWriter {
  if (media === "yaml") return yamlWriter(list);
  if (media === "cbor") return cborWriter(list);
  return pretty ? prettyWriter(list) : jsonWriter(list);
}

function respondJson(call: ApiCall, objects: readonly CachedObject[], meta: ListMeta): void | Promise<void> {
  const { definition, store } = call.resource;
  const apiVersion = groupVersion(definition);
  const { isCustom } = definition;
  const head = `{"kind":"${definition.kind}List","apiVersion":"${apiVersion}","metadata":${JSON.stringify(isCustom ? customMeta(meta) : meta)},"items":[`;
  // Items of a list do not say their kind: each goes without the head that all of them share. Custom ones say all of themselves.
  const skip = isCustom ? 1 : `{"kind":"${definition.kind}","apiVersion":"${apiVersion}",`.length;
  const { namespace, query } = call.info;
  const question = JSON.stringify([
    namespace,
    query.get("labelSelector"),
    query.get("fieldSelector"),
    objects[0]?.key,
    objects.length,
  ]);
  // Pages of the past are nobody else's.
  const isPresent = store !== undefined && store.cache.lastChange <= Number(meta.resourceVersion);
  const items = isPresent
    ? store.cache.listBytes.get(question, store.cache.lastChange, () => together(objects, skip))
    : together(objects, skip);
  const answer = (bytes: Buffer) => send(call, 200, headersOf(call), [Buffer.from(head), bytes, LIST_END]);
  return items instanceof Promise ? items.then(answer) : answer(items);
}

/** Lists of custom objects always say whether they go on. */
const customMeta = (meta: ListMeta): ListMeta => ({ continue: "", ...meta });

const LIST_END = Buffer.from("]}\n");

/** As many are put together at once. */
const FEW = 100;

function together(objects: readonly CachedObject[], skip: number): Buffer | Promise<Buffer> {
  const pieces = joined(objects, skip);
  return objects.length > FEW ? inShortStretches(pieces) : inOneGo(pieces);
}

/** The objects one behind another, with commas between, each without its first `skip` bytes. */
function* joined(objects: readonly CachedObject[], skip: number): Generator<void, Buffer> {
  let size = 0;
  for (const { bytes } of objects) {
    size += bytes.length - skip + 2;
    yield;
  }
  const all = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { bytes } of objects) {
    if (at > 0) all[at++] = 0x2c; // ,
    all[at++] = 0x7b; // {
    at += bytes.copy(all, at, skip);
    yield;
  }
  return all.subarray(0, at);
}

function withoutKind({ kind: _kind, apiVersion: _apiVersion, ...rest }: KubeObject): PlainObject {
  return rest;
}
