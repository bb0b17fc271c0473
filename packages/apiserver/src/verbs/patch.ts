/** PATCH: JSON patch, merge patch, strategic merge patch, and server-side apply. */
import { applyPatch } from "@kubets/api/apply/apply-patch";
import { decodeBody } from "@kubets/api/codec/decode";
import type { Draft, KubeObject, PlainObject } from "@kubets/api/meta";
import { strategicMergePatch } from "@kubets/api/patch/strategic";
import { groupResource } from "@kubets/api/resource";
import type { Struct } from "@kubets/api/schema";
import {
  badRequest,
  conflict,
  notFound,
  requestEntityTooLarge,
  StatusError,
  unsupportedMediaType,
} from "@kubets/machinery";
import { applyJsonPatch, JsonPatchError } from "@kubets/machinery/json-patch";
import type { JsonObject, JsonValue } from "@kubets/machinery/json-value";
import { applyMergePatch } from "@kubets/machinery/merge-patch";
import { type ApiCall, keyOf, storeOf } from "../api-call.ts";
import { mediaTypeOf, reportFields } from "../body.ts";
import { isTrue } from "../request-info.ts";
import { respondCached, respondObject } from "../respond.ts";
import { CHANGED_MEANWHILE, type Changed, changeObject } from "../write/change.ts";
import { managerOf } from "../write/field-owners.ts";
import { validateWriteOptions } from "../write/write-options.ts";
import { createObject } from "./create.ts";
import { parsePatch } from "./patch-body.ts";

const TYPES = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
  "application/apply-patch+cbor": undefined,
} as const;
type PatchType = "json" | "merge" | "strategic" | "apply";

export async function patch(call: ApiCall): Promise<void> {
  const type = patchTypeOf(call);
  validateWriteOptions(call, "PatchOptions", type === "apply");
  const body = await parsePatch(call, type);
  await storeOf(call).fresh();
  const created = type === "apply" && !storeOf(call).cache.get(keyOf(call.info));
  const changed =
    type === "apply"
      ? await apply(call, body as PlainObject)
      : await changeObject(call, (old) => patched(call, type, body, old));
  if (changed.stored) respondCached(call, created ? 201 : 200, changed.stored);
  else respondObject(call, created ? 201 : 200, changed.object);
}

function patchTypeOf(call: ApiCall): PatchType {
  const mediaType = mediaTypeOf(call.exchange.header("content-type"));
  const type = (TYPES as Record<string, PatchType | undefined>)[mediaType];
  if (type && !(type === "strategic" && call.resource.definition.schema.name === "custom")) return type;
  throw unsupportedMediaType(
    "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml",
  );
}

/** The old object with a patch, decoded and checked as if it had been sent whole. */
function patched(
  call: ApiCall,
  type: Exclude<PatchType, "apply">,
  body: JsonValue[] | JsonObject,
  old: KubeObject,
): Draft<KubeObject> {
  const { definition } = call.resource;
  const before = old as unknown as JsonObject;
  const next = decodePatched(call, patchValue(type, definition.schema, before, body));
  checkIdentity(call, next, old);
  return next;
}

function patchValue(
  type: Exclude<PatchType, "apply">,
  schema: Struct,
  before: JsonObject,
  body: JsonValue[] | JsonObject,
): unknown {
  if (type === "merge") return applyMergePatch(before, body);
  if (type === "strategic") return strategicMergePatch(schema, before, body as JsonObject);
  try {
    return applyJsonPatch(before, body as JsonValue[]);
  } catch (error) {
    if (!(error instanceof JsonPatchError)) throw error;
    throw error.tooLarge
      ? requestEntityTooLarge(`Request entity too large: ${error.message}`)
      : invalidPatch(error.message);
  }
}

/** A patch that is well formed and cannot be applied to what is there. */
const invalidPatch = (message: string) =>
  new StatusError({
    code: 422,
    reason: "Invalid",
    message: `the server rejected our request due to an error in our request`,
    details: { causes: [{ message }] },
  });

function decodePatched(call: ApiCall, value: unknown): Draft<KubeObject> {
  const { definition } = call.resource;
  const { object, unknown } = decodeBody(definition.schema, value, {
    kind: definition.kind,
    version: definition.version,
  });
  reportFields(
    call,
    unknown.map((field) => `unknown field "${field}"`),
    definition,
  );
  return object as unknown as Draft<KubeObject>;
}

/** A patch may say which object it means, but not make another one of it. */
function checkIdentity(call: ApiCall, next: Draft<KubeObject>, old: KubeObject): void {
  const gr = groupResource(call.resource.definition);
  const { metadata } = next;
  if (next.kind !== old.kind || next.apiVersion !== old.apiVersion) {
    const version =
      next.apiVersion === old.apiVersion
        ? ""
        : `the API version in the data (${next.apiVersion}) does not match the expected API version (${old.apiVersion})`;
    throw badRequest(version || `the kind in the data (${next.kind}) does not match the expected kind (${old.kind})`);
  }
  if (metadata.name !== old.metadata.name)
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${call.info.name})`,
    );
  if ((metadata.namespace ?? "") !== (old.metadata.namespace ?? ""))
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  if (metadata.uid && metadata.uid !== old.metadata.uid)
    throw conflict(
      gr,
      call.info.name,
      `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${old.metadata.uid}`,
    );
  if (metadata.resourceVersion && metadata.resourceVersion !== old.metadata.resourceVersion)
    throw conflict(gr, call.info.name, CHANGED_MEANWHILE);
}

async function apply(call: ApiCall, configuration: PlainObject): Promise<Changed> {
  for (;;) {
    try {
      return await applyOnce(call, configuration);
    } catch (error) {
      // Somebody created it meanwhile: it is there now, so it is changed instead.
      if (!(error instanceof StatusError && error.reason === "AlreadyExists")) throw error;
    }
  }
}

async function applyOnce(call: ApiCall, configuration: PlainObject): Promise<Changed> {
  const { definition } = call.resource;
  if (storeOf(call).cache.get(keyOf(call.info)))
    return changeObject(call, (old) => applied(call, old, configuration), { owners: () => {} });
  if (call.subresource) throw notFound(groupResource(definition), call.info.name);
  if ((configuration["metadata"] as { uid?: string } | undefined)?.uid)
    throw conflict(
      groupResource(definition),
      call.info.name,
      `uid mismatch: the provided object specified uid ${(configuration["metadata"] as { uid: string }).uid}, and no existing object was found`,
    );
  return createObject(call, applied(call, undefined, configuration), () => {});
}

/** What applying a configuration makes of the old object, with its owners noted. */
function applied(call: ApiCall, old: KubeObject | undefined, configuration: PlainObject): Draft<KubeObject> {
  const { definition } = call.resource;
  const { object, managedFields } = applyPatch(definition, old, configuration, {
    ...managerOf(call),
    force: isTrue(call.info.query.get("force")),
  });
  const next = decodePatched(call, object);
  (next.metadata as { managedFields?: unknown }).managedFields = managedFields;
  return next;
}
