/** How many replicas: read and written as an autoscaling/v1 Scale, whatever the resource keeps them in. */

import type { Draft, KubeObject, PlainObject } from "@kubets/api/meta";
import { groupResource, type ScalePaths } from "@kubets/api/resource";
import { structOf } from "@kubets/api/schema";
import { badRequest, conflict, invalid, invalidValue, methodNotSupported, notFound } from "@kubets/machinery";
import { clone } from "@kubets/machinery/clone";
import { type ApiCall, inVersion, keyOf, storeOf } from "../api-call.ts";
import { readObject } from "../body.ts";
import { respondValue } from "../respond.ts";
import { patchedObject, patchTypeOf } from "../verbs/patch.ts";
import { type PatchBody, parsePatch } from "../verbs/patch-body.ts";
import { CHANGED_MEANWHILE, changeObject } from "../write/change.ts";
import { type ScaleObject, scaleOf } from "../write/scale-form.ts";

export async function scale(call: ApiCall): Promise<void> {
  switch (call.info.verb) {
    case "get":
      await storeOf(call).fresh();
      return respondValue(call, 200, shown(call, current(call)));
    case "update":
      return write(call, () => readScale(call));
    case "patch":
      return write(call, async (now) => patchedScale(call, now));
    default:
      throw methodNotSupported(groupResource(call.resource.definition), call.info.verb);
  }
}

const SCALE = { group: "autoscaling", version: "v1", kind: "Scale", schema: structOf("api.autoscaling.v1.Scale") };

function current(call: ApiCall): KubeObject {
  const cached = storeOf(call).cache.get(keyOf(call.info));
  if (!cached) throw notFound(groupResource(call.resource.definition), call.info.name);
  return inVersion(call, cached.object);
}

const shown = (call: ApiCall, object: KubeObject): PlainObject =>
  scaleOf((call.subresource as { replicas: ScalePaths }).replicas, object);

async function write(call: ApiCall, read: (now: PlainObject) => Promise<ScaleObject>): Promise<void> {
  const { replicas } = call.subresource as { replicas: ScalePaths };
  await storeOf(call).fresh();
  const wanted = call.info.verb === "update" ? await read({}) : undefined;
  const changed = await changeObject(call, async (old) => {
    const asked = wanted ?? (await read(shown(call, old)));
    check(call, asked, old);
    const next = clone(old) as Draft<KubeObject>;
    replicas.setSpec(next, asked.spec?.replicas ?? 0);
    return next;
  });
  respondValue(call, 200, shown(call, changed.stored ? inVersion(call, changed.stored.object) : changed.object));
}

async function readScale(call: ApiCall): Promise<ScaleObject> {
  return (await readObject(call, SCALE)) as unknown as ScaleObject;
}

async function patchedScale(call: ApiCall, now: PlainObject): Promise<ScaleObject> {
  const asked = patchTypeOf(call);
  const type = asked === "apply" ? "merge" : asked;
  let body = bodies.get(call);
  if (!body) bodies.set(call, (body = parsePatch(call, type)));
  return patchedObject(call, type, await body, now, SCALE) as unknown as ScaleObject;
}
/** A body is read once, also when the change is tried again. */
const bodies = new WeakMap<ApiCall, Promise<PatchBody>>();

function check(call: ApiCall, { metadata, spec }: ScaleObject, old: KubeObject): void {
  const { name } = call.info;
  if (metadata.name && metadata.name !== name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  if (metadata.resourceVersion && metadata.resourceVersion !== old.metadata.resourceVersion)
    throw conflict(groupResource(call.resource.definition), name, CHANGED_MEANWHILE);
  if ((spec?.replicas ?? 0) < 0)
    throw invalid({ group: "autoscaling", kind: "Scale" }, name, [
      invalidValue("spec.replicas", spec?.replicas, "must be greater than or equal to 0"),
    ]);
}
