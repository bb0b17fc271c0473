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
  return respondShown(call, objects, shownList(call, head), meta);
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

async function respondShown(
  call: ApiCall,
  objects: readonly CachedObject[],
  list: ShownList,
  meta: ListMeta,
): Promise<void> {
  const { head, items, ifEmpty, show, message } = list;
  const isMessage = call.form.media === "protobuf" && message !== undefined;
  if (objects.length === 0 && !isMessage) return respondValue(call, 200, { ...head, [items]: ifEmpty });
  const writer = isMessage ? protobufWriter(list, message) : writerOf(call.form, list);
  const make = () => inShortStretches(shown(call, objects, (object, isFirst) => writer.item(show(object), isFirst)));
  // Tables say how old things are now.
  const bytes = await (items === "rows" ? make() : shared(call, objects, meta, make));
  const media = call.form.media === "protobuf" && !isMessage ? "json" : call.form.media;
  send(call, 200, headersOf(call, CONTENT_TYPE[media]), writer.whole(bytes, objects.length));
}

/** The objects one behind another, in the form that was asked for. */
function* shown(
  call: ApiCall,
  objects: readonly CachedObject[],
  write: (object: KubeObject, isFirst: boolean) => Buffer,
): Generator<void, Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for (const { object } of objects) {
    const part = write(inVersion(call, object), parts.length === 0);
    size += part.length;
    parts.push(part);
    yield;
  }
  const all = Buffer.allocUnsafe(size);
  let at = 0;
  for (const part of parts) {
    at += part.copy(all, at);
    yield;
  }
  return all;
}

function writerOf({ media, pretty }: AnswerForm, list: ListFrame): ListWriter {
  if (media === "yaml") return yamlWriter(list);
  if (media === "cbor") return cborWriter(list);
  return pretty ? prettyWriter(list) : jsonWriter(list);
}

function respondJson(call: ApiCall, objects: readonly CachedObject[], meta: ListMeta): void | Promise<void> {
  const { definition } = call.resource;
  const apiVersion = groupVersion(definition);
  const { isCustom } = definition;
  const head = `{"kind":"${definition.kind}List","apiVersion":"${apiVersion}","metadata":${JSON.stringify(isCustom ? customMeta(meta) : meta)},"items":[`;
  // Items of a list do not say their kind: each goes without the head that all of them share. Custom ones say all of themselves.
  const skip = isCustom ? 1 : `{"kind":"${definition.kind}","apiVersion":"${apiVersion}",`.length;
  const items = shared(call, objects, meta, () => together(objects, skip));
  const answer = (bytes: Buffer) => send(call, 200, headersOf(call), [Buffer.from(head), bytes, LIST_END]);
  return items instanceof Promise ? items.then(answer) : answer(items);
}

/** The bytes of a list's items, made once for all who ask the same meanwhile. */
function shared(
  { info, form, resource }: ApiCall,
  objects: readonly CachedObject[],
  { resourceVersion, shardInfo }: ListMeta,
  make: () => Buffer | Promise<Buffer>,
): Buffer | Promise<Buffer> {
  const { definition, store } = resource;
  // Pages of the past are nobody else's.
  if (!store || store.cache.lastChange > Number(resourceVersion)) return make();
  const { namespace, query } = info;
  const question = JSON.stringify([
    form.key,
    groupVersion(definition),
    namespace,
    query.get("labelSelector"),
    query.get("fieldSelector"),
    shardInfo?.selector,
    objects[0]?.key,
    objects.length,
  ]);
  return store.cache.listBytes.get(question, store.cache.lastChange, make);
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
