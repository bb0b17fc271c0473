/** Answers in the form that was asked for. The plain case, JSON in the stored version, sends the cached bytes as they are. */
import { encodeJson } from "@kubets/api/codec/json";
import { encodeKnown, encodeProtobuf } from "@kubets/api/codec/protobuf";
import type { ShardInfo } from "@kubets/api/generated/types/meta-v1";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import { groupVersion } from "@kubets/api/resource-ref";
import { structOf } from "@kubets/api/schema";
import { notAcceptable, type StatusError } from "@kubets/machinery";
import { writeCbor } from "@kubets/machinery/cbor";
import { stringifyJson } from "@kubets/machinery/json";
import type { ReadonlyJson } from "@kubets/machinery/json-value";
import { toYaml } from "@kubets/machinery/yaml";
import { type ApiCall, inVersion } from "./api-call.ts";
import { goPackage } from "./body.ts";
import type { CoreExchange } from "./front/core-exchange.ts";
import { jsonInTurns } from "./large-json.ts";
import { type AnswerForm, CONTENT_TYPE } from "./media.ts";
import { partialMetadata } from "./partial-metadata.ts";
import { send } from "./send.ts";
import type { CachedObject } from "./store/cached-object.ts";
import { tableOf } from "./table.ts";
import { warningHeaders } from "./warnings.ts";

const LINE_FEED = Buffer.from("\n");

export interface ListMeta {
  resourceVersion?: string;
  continue?: string;
  remainingItemCount?: number;
  shardInfo?: ShardInfo;
}

/** Answers with one object that is stored (or was). */
export function respondCached(call: ApiCall, status: number, cached: CachedObject): void {
  const { exchange, form, resource } = call;
  exchange.audit?.answer(() => inVersion(call, cached.object));
  if (exchange.direct) return exchange.direct.respond(status, inVersion(call, cached.object));
  if (form.media === "json" && !form.pretty && !form.as)
    return send(call, status, headersOf(call), [versionBytes(resource.definition, cached), LINE_FEED]);
  return respondObject(call, status, inVersion(call, cached.object));
}

/** The JSON of an object in a version, made once for each revision. */
function versionBytes({ group, version, hub }: ResourceDefinition, cached: CachedObject): Buffer {
  if (!hub) return cached.bytes;
  return cached.encoded(groupVersion({ group, version }), (stored) =>
    Buffer.from(encodeJson(hub.fromHub(stored) as KubeObject)),
  );
}

/** Answers with one object of the resource in the version of the request. */
export function respondObject(call: ApiCall, status: number, object: KubeObject): void {
  const { exchange, form, resource } = call;
  exchange.audit?.answer(() => object);
  if (exchange.direct) return exchange.direct.respond(status, object);
  if (form.as?.kind === "PartialObjectMetadataList")
    throw notAcceptable(
      `you requested PartialObjectMetadataList, but the requested object is not a list (*${goPackage(resource.definition.group)}.${resource.definition.kind})`,
    );
  if (form.as?.kind === "Table") return respondValue(call, status, tableOf(call, [object], listMetaOf(object)));
  if (form.as)
    return respondValue(
      call,
      status,
      partialMetadata(object, form.as.version, resource.definition.internalAnnotations),
    );
  if (form.media === "protobuf")
    return send(call, status, headersOf(call), encodeProtobuf(resource.definition.schema, object));
  if (form.media === "json" && !form.pretty)
    return send(call, status, headersOf(call), Buffer.from(`${encodeJson(object)}\n`));
  return respondValue(call, status, object);
}

/** Answers with one object that was written, and is stored nowhere: in turns with other work where it is large. */
export async function respondWritten(call: ApiCall, status: number, object: KubeObject): Promise<void> {
  const { exchange, form } = call;
  if (!call.isLarge || exchange.direct || form.media !== "json" || form.pretty || form.as)
    return respondObject(call, status, object);
  exchange.audit?.answer(() => object);
  send(call, status, headersOf(call), [...(await jsonInTurns(object)), LINE_FEED]);
}

/** Answers with any value: tables, reviews, partial metadata. What has no message of protobuf goes as JSON, and says so. */
export function respondValue(call: ApiCall, status: number, value: object): void {
  const { exchange, form } = call;
  exchange.audit?.answer(() => value);
  if (exchange.direct) return exchange.direct.respond(status, value);
  const message = form.media === "protobuf" ? encodeKnown(value) : undefined;
  if (message) return send(call, status, headersOf(call), message);
  const media = form.media === "protobuf" ? "json" : form.media;
  send(call, status, headersOf(call, CONTENT_TYPE[media]), bytesOf({ ...form, media }, value));
}

/** Answers with a Status, as errors and deletes do. */
export function respondStatus(
  exchange: CoreExchange,
  form: AnswerForm | undefined,
  error: StatusError,
  warnings: readonly string[] = [],
): void {
  exchange.audit?.status(error.status);
  exchange.audit?.answer(() => error.status);
  if (exchange.direct) return exchange.direct.respond(error.code, error.status);
  const media = form?.media ?? "json";
  const headers = ["content-type", CONTENT_TYPE[media], "cache-control", "no-cache, private"];
  const { retryAfterSeconds } = error.status.details ?? {};
  if (retryAfterSeconds) headers.push("retry-after", String(retryAfterSeconds));
  headers.push(...warningHeaders(warnings));
  const body =
    media === "protobuf"
      ? encodeProtobuf(structOf("apimachinery.pkg.apis.meta.v1.Status"), error.status)
      : bytesOf({ media, pretty: form?.pretty ?? false, key: "" }, error.status);
  exchange.respond(error.code, headers, body);
}

export function headersOf(call: ApiCall, contentType = CONTENT_TYPE[call.form.media]): string[] {
  return ["content-type", contentType, "cache-control", "no-cache, private", ...warningHeaders(call.warnings)];
}

export function bytesOf({ media, pretty }: AnswerForm, value: object): Buffer {
  const json = value as ReadonlyJson;
  if (media === "cbor") return writeCbor(json);
  if (media === "yaml") return Buffer.from(toYaml(json));
  return Buffer.from(pretty ? stringifyJson(json, 2) : `${stringifyJson(json)}\n`);
}

const listMetaOf = (object: KubeObject): ListMeta => ({ resourceVersion: object.metadata.resourceVersion });
