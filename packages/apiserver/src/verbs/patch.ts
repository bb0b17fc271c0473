/** PATCH: JSON patch, merge patch, strategic merge patch, and server-side apply. */
import { applyPatch } from "@kubets/api/apply/apply-patch";
import {
  type Decoded,
  DecodeError,
  decode,
  decodeBody,
  decodeInTurns,
  unknownFieldText,
} from "@kubets/api/codec/decode";
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
import { type ApiCall, storeOf } from "../api-call.ts";
import { type Expected, kindOf, mediaTypeOf, otherKind, tellFields } from "../body.ts";
import { present } from "../present.ts";
import { isTrue } from "../request-info.ts";
import { respondCached, respondWritten } from "../respond.ts";
import { CHANGED_MEANWHILE, type Changed, changeObject } from "../write/change.ts";
import { managerOf } from "../write/field-owners.ts";
import { checkName } from "../write/metadata.ts";
import { validateWriteOptions } from "../write/write-options.ts";
import { createObject } from "./create.ts";
import { CBOR_PATCH, type PatchBody, type PatchType, parsePatch } from "./patch-body.ts";
import { patchDoesNotApply, refusedPatch } from "./refused-patch.ts";

const TYPES = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
  "application/apply-patch+cbor": "apply",
} as const;

export async function patch(call: ApiCall): Promise<void> {
  const type = patchTypeOf(call);
  validateWriteOptions(call, "PatchOptions", type === "apply");
  const body = await parsePatch(call, type);
  await storeOf(call).fresh();
  const created = type === "apply" && !(await present(call));
  const changed =
    type === "apply" ? await apply(call, body) : await changeObject(call, (old) => patched(call, type, body, old));
  if (changed.stored) respondCached(call, created ? 201 : 200, changed.stored);
  else await respondWritten(call, created ? 201 : 200, changed.object);
}

export function patchTypeOf(call: ApiCall): PatchType {
  const mediaType = mediaTypeOf(call.exchange.header("content-type"));
  const known = mediaType !== CBOR_PATCH || call.server.options.featureEnabled("CBORServingAndStorage");
  const type = known ? (TYPES as Record<string, PatchType | undefined>)[mediaType] : undefined;
  if (type && !(type === "strategic" && call.resource.definition.isCustom)) return type;
  if (!type) throw unknownPatch();
  throw unsupportedMediaType(
    "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
  );
}

async function patched(
  call: ApiCall,
  type: Exclude<PatchType, "apply">,
  body: PatchBody,
  old: KubeObject,
): Promise<Draft<KubeObject>> {
  const made = patchedObject(call, type, body, old, call.resource.definition);
  const next = (made instanceof Promise ? await made : made) as unknown as Draft<KubeObject>;
  checkIdentity(call, next, old);
  return next;
}

/** A media type that no patch has. */
const unknownPatch = () =>
  new StatusError({
    code: 415,
    reason: "UnsupportedMediaType",
    message: "415: Unsupported Media Type",
    details: {},
  });

/** An object with a patch, decoded and checked as if it had been sent whole. */
export function patchedObject(
  call: ApiCall,
  type: Exclude<PatchType, "apply">,
  { value: patch, duplicates }: PatchBody,
  old: object,
  expected: Expected,
): PlainObject | Promise<PlainObject> {
  const before = old as JsonObject;
  const result = patchValue(type, expected.schema, before, patch);
  const refuse = (why: string) => refusedPatch(type, patch, before, result as JsonValue, why);
  const said = kindOf(result, expected);
  const mismatch = otherKind(call.server, said, result, expected);
  if (mismatch !== undefined) throw refuse(mismatch);
  return decodeResult(call, expected.schema, result, refuse, ({ object, unknown }) => {
    const problems = [...duplicates, ...unknown.map(unknownFieldText)];
    if (problems.length) tellFields(call, problems, refuse);
    object["kind"] = said.kind;
    object["apiVersion"] = said.apiVersion;
    return object;
  });
}

function patchValue(
  type: Exclude<PatchType, "apply">,
  schema: Struct,
  before: JsonObject,
  patch: JsonValue[] | JsonObject,
): unknown {
  if (type === "merge") return applyMergePatch(before, patch);
  if (type === "strategic") return strategicMergePatch(schema, before, patch as JsonObject);
  try {
    return applyJsonPatch(before, patch as JsonValue[]);
  } catch (error) {
    if (!(error instanceof JsonPatchError)) throw error;
    throw error.tooLarge ? requestEntityTooLarge(`Request entity too large: ${error.message}`) : patchDoesNotApply();
  }
}

function decodeResult(
  call: ApiCall,
  schema: Struct,
  result: unknown,
  refuse: (why: string) => Error,
  go: (decoded: Decoded) => PlainObject,
): PlainObject | Promise<PlainObject> {
  const refused = (error: unknown) => {
    throw error instanceof DecodeError ? refuse(error.message) : error;
  };
  if (call.isLarge) return decodeInTurns(schema, result).catch(refused).then(go);
  let decoded: Decoded;
  try {
    decoded = decode(schema, result);
  } catch (error) {
    return refused(error);
  }
  return go(decoded);
}

/** A patch may say which object it means, but not make another one of it. */
function checkIdentity(call: ApiCall, { metadata }: Draft<KubeObject>, old: KubeObject): void {
  const { name } = call.info;
  checkName(metadata.name, name);
  if ((metadata.namespace ?? "") !== (old.metadata.namespace ?? ""))
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  if (metadata.resourceVersion && metadata.resourceVersion !== old.metadata.resourceVersion)
    throw conflict(groupResource(call.resource.definition), name, CHANGED_MEANWHILE);
}

async function apply(call: ApiCall, body: PatchBody): Promise<Changed> {
  for (;;) {
    try {
      return await applyOnce(call, body);
    } catch (error) {
      // Somebody created it meanwhile: it is there now, so it is changed instead.
      if (!(error instanceof StatusError && error.reason === "AlreadyExists")) throw error;
    }
  }
}

async function applyOnce(call: ApiCall, body: PatchBody): Promise<Changed> {
  const { definition } = call.resource;
  if (await present(call))
    return changeObject(
      call,
      (old) => applied(call, old, body),
      () => {},
    );
  if (call.subresource) throw notFound(groupResource(definition), call.info.name);
  const { uid } = ((body.value as PlainObject)["metadata"] ?? {}) as { uid?: string };
  if (uid)
    throw conflict(
      groupResource(definition),
      call.info.name,
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    );
  return createObject(call, applied(call, undefined, body), () => {});
}

/** What applying a configuration makes of the old object, with its owners noted. */
function applied(call: ApiCall, old: KubeObject | undefined, { value, duplicates }: PatchBody): Draft<KubeObject> {
  const { definition } = call.resource;
  const { object, managedFields } = applyPatch(definition, old, value, {
    ...managerOf(call),
    force: isTrue(call.info.query.get("force")),
  });
  if (duplicates.length) tellFields(call, duplicates, (why) => badRequest(`error strict decoding YAML: ${why}`));
  const next = decodeBody(definition.schema, object, definition).object as unknown as Draft<KubeObject>;
  (next.metadata as { managedFields?: unknown }).managedFields = managedFields;
  if (old) checkIdentity(call, next, old);
  else checkName(next.metadata.name, call.info.name);
  return next;
}
