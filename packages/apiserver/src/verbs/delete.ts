/** DELETE of one object: at once, or when its grace period and its finalizers are over. */
import type { KubeObject } from "@kubets/api/meta";
import { groupResource } from "@kubets/api/resource";
import type { Status } from "@kubets/machinery";
import { notFound } from "@kubets/machinery";
import { type ApiCall, keyOf, storeOf } from "../api-call.ts";
import { respondCached, respondValue } from "../respond.ts";
import { deleteObject } from "../write/delete-object.ts";
import { readDeleteOptions } from "../write/delete-options.ts";

export async function remove(call: ApiCall): Promise<void> {
  const options = await readDeleteOptions(call);
  const { orphanWarning } = call.resource.definition;
  if (orphanWarning && options.propagationPolicy === undefined && options.orphanDependents === undefined)
    call.warnings.push(orphanWarning);
  await storeOf(call).fresh();
  const current = storeOf(call).cache.get(keyOf(call.info));
  if (!current) throw notFound(groupResource(call.resource.definition), call.info.name);
  const outcome = await deleteObject(call, current, options);
  if (outcome.gone && !RETURNS_OBJECT.has(call.resource.definition.resource))
    return respondValue(call, 200, success(call, outcome.object.object));
  respondCached(call, 200, outcome.object);
}

/** Most kinds answer a Status when the object is gone; these answer what it was. */
const RETURNS_OBJECT = new Set([
  "pods",
  "services",
  "serviceaccounts",
  "persistentvolumes",
  "persistentvolumeclaims",
  "podtemplates",
  "resourcequotas",
  "storageclasses",
  "csinodes",
  "csidrivers",
  "volumeattachments",
  "podsecuritypolicies",
  "volumeattributesclasses",
  "resourceclaims",
  "resourceslices",
]);

function success(call: ApiCall, { metadata }: KubeObject): Status {
  const { group, resource } = call.resource.definition;
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: { name: metadata.name, ...(group && { group }), kind: resource, uid: metadata.uid },
  };
}
