/** DELETE of one object: at once, or when its grace period and its finalizers are over. */
import type { KubeObject } from "@kubets/api/meta";
import type { Status } from "@kubets/machinery";
import { type ApiCall, storeOf } from "../api-call.ts";
import { existing } from "../present.ts";
import { respondCached, respondValue } from "../respond.ts";
import { deleteObject } from "../write/delete-object.ts";
import { IGNORE_READ_ERROR, readDeleteOptions } from "../write/delete-options.ts";
import { deleteUnreadable } from "../write/delete-unreadable.ts";

export async function remove(call: ApiCall): Promise<void> {
  const options = await readDeleteOptions(call);
  if (options[IGNORE_READ_ERROR]) {
    await deleteUnreadable(call, options);
    return respondValue(call, 200, goneUnseen(call));
  }
  const { orphanWarning } = call.resource.definition;
  if (orphanWarning && options.propagationPolicy === undefined && options.orphanDependents === undefined)
    call.warnings.push(orphanWarning);
  await storeOf(call).fresh();
  const outcome = await deleteObject(call, await existing(call), options);
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

/** Of what nobody could read only the name is known. */
const goneUnseen = ({ info, resource }: ApiCall): Status => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Success",
  details: { name: info.name, kind: resource.definition.kind },
  code: 200,
});

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
