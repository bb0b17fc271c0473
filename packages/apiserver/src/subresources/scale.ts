/** How many replicas: read and written as an autoscaling/v1 Scale, whatever the resource keeps them in. */
import { applyPatch } from "@kubets/api/apply/apply-patch";
import { afterUpdate, type ManagedFieldsEntry } from "@kubets/api/apply/managed-fields";
import { ownersAfterScale, scaleOwners } from "@kubets/api/apply/scale-owners";
import { decodeBody } from "@kubets/api/codec/decode";
import type { Draft, KubeObject, PlainObject } from "@kubets/api/meta";
import { groupResource, type ScalePaths } from "@kubets/api/resource";
import { groupVersion } from "@kubets/api/resource-ref";
import { structOf } from "@kubets/api/schema";
import { badRequest, conflict, invalid, invalidValue, methodNotSupported } from "@kubets/machinery";
import { clone } from "@kubets/machinery/clone";
import { type ApiCall, inVersion, storeOf } from "../api-call.ts";
import { readObject } from "../body.ts";
import { partialMetadata } from "../partial-metadata.ts";
import { existing } from "../present.ts";
import { isTrue } from "../request-info.ts";
import { respondValue } from "../respond.ts";
import { tableOf } from "../table.ts";
import { patchedObject, patchTypeOf } from "../verbs/patch.ts";
import { type PatchBody, parsePatch } from "../verbs/patch-body.ts";
import { CHANGED_MEANWHILE, changeObject } from "../write/change.ts";
import { managerOf } from "../write/field-owners.ts";
import { replicasPath, type ScaleObject, scaleOf } from "../write/scale-form.ts";

export async function scale(call: ApiCall): Promise<void> {
  switch (call.info.verb) {
    case "get":
      await storeOf(call).fresh();
      return respondScale(call, await current(call));
    case "update":
      return write(call, () => readScale(call));
    case "patch":
      return write(call, async (now) => patchedScale(call, now));
    default:
      throw methodNotSupported(groupResource(call.resource.definition), call.info.verb);
  }
}

const SCALE = { group: "autoscaling", version: "v1", kind: "Scale", schema: structOf("api.autoscaling.v1.Scale") };

async function current(call: ApiCall): Promise<KubeObject> {
  const { object } = await existing(call);
  return inVersion(call, object);
}

/** What a client sees of replicas that are not there, and has to change. */
const NOT_SET = -(2 ** 31);

const pathsOf = (call: ApiCall) => (call.subresource as { replicas: ScalePaths }).replicas;

async function write(call: ApiCall, read: (now: PlainObject) => Promise<ScaleObject>): Promise<void> {
  const replicas = pathsOf(call);
  const path = replicasPath(replicas);
  const apiVersion = groupVersion(call.resource.definition);
  await storeOf(call).fresh();
  const wanted = call.info.verb === "update" ? await read({}) : undefined;
  const make = async (old: KubeObject): Promise<Draft<KubeObject>> => {
    const { managedFields } = old.metadata;
    const now = withOwners(scaleOf(replicas, old, NOT_SET), scaleOwners(managedFields, path));
    const asked = wanted ?? (await read(now));
    check(call, asked, old);
    const next = clone(old) as Draft<KubeObject>;
    replicas.setSpec(next, asked.spec?.replicas ?? 0);
    const owners = call.exchange.header("content-type")?.startsWith(APPLY)
      ? asked.metadata.managedFields
      : afterUpdate(SCALE.schema, now, asked, ownerOf(call));
    (next.metadata as { managedFields?: unknown }).managedFields = ownersAfterScale(
      managedFields,
      owners,
      path,
      apiVersion,
    );
    return next;
  };
  const changed = await changeObject(call, make, () => {});
  respondScale(call, changed.stored ? inVersion(call, changed.stored.object) : changed.object);
}

function respondScale(call: ApiCall, object: KubeObject): void {
  const scale = scaleOf(pathsOf(call), object);
  const { as: form } = call.form;
  const { resourceVersion } = object.metadata;
  if (form?.kind === "Table")
    return respondValue(call, 200, tableOf(call, [scale as unknown as KubeObject], { resourceVersion }));
  respondValue(call, 200, form ? partialMetadata(scale as unknown as KubeObject, form.version) : scale);
}

async function readScale(call: ApiCall): Promise<ScaleObject> {
  return (await readObject(call, SCALE)) as unknown as ScaleObject;
}

async function patchedScale(call: ApiCall, now: PlainObject): Promise<ScaleObject> {
  const type = patchTypeOf(call);
  let body = bodies.get(call);
  if (!body) bodies.set(call, (body = parsePatch(call, type)));
  if (type !== "apply") return (await patchedObject(call, type, await body, now, SCALE)) as unknown as ScaleObject;
  const { value } = await body;
  const { kind, apiVersion } = value as { kind?: unknown; apiVersion?: unknown };
  if (kind !== SCALE.kind) throw badRequest(`invalid object type: ${String(apiVersion)}, Kind=${String(kind)}`);
  const force = isTrue(call.info.query.get("force"));
  const { object, managedFields } = applyPatch(SCALE, now, value, { ...ownerOf(call), force });
  const scale = decodeBody(SCALE.schema, object, SCALE_BODY).object;
  return withOwners(scale, managedFields) as unknown as ScaleObject;
}

const APPLY = "application/apply-patch";
const SCALE_BODY = { kind: SCALE.kind, version: SCALE.version, wanted: SCALE.kind };

/** Who writes, as an owner of fields of a Scale. */
const ownerOf = (call: ApiCall) => ({ ...managerOf(call), apiVersion: "autoscaling/v1" });

const withOwners = (scale: PlainObject, managedFields: readonly ManagedFieldsEntry[] | undefined): PlainObject => ({
  ...scale,
  metadata: { ...(scale["metadata"] as PlainObject), ...(managedFields && { managedFields }) },
});

/** A body is read once, also when the change is tried again. */
const bodies = new WeakMap<ApiCall, Promise<PatchBody>>();

function check(call: ApiCall, { metadata, spec }: ScaleObject, old: KubeObject): void {
  const { name } = call.info;
  if (metadata.name && metadata.name !== name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  if (metadata.resourceVersion && metadata.resourceVersion !== old.metadata.resourceVersion)
    throw conflict(groupResource(call.resource.definition), name, CHANGED_MEANWHILE);
  if (spec?.replicas === NOT_SET)
    throw badRequest(`the spec replicas field ".${replicasPath(pathsOf(call)).join(".")}" cannot be empty`);
  if ((spec?.replicas ?? 0) < 0)
    throw invalid({ group: "autoscaling", kind: "Scale" }, name, [
      invalidValue("spec.replicas", spec?.replicas, "must be greater than or equal to 0"),
    ]);
}
