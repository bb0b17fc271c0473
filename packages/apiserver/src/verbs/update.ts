/** PUT: replaces an object, or through a subresource a part of it. */
import type { Draft, KubeObject } from "@kubets/api/meta";
import { groupResource } from "@kubets/api/resource";
import { conflict } from "@kubets/machinery";
import { clone } from "@kubets/machinery/clone";
import { type ApiCall, keyOf, storeOf } from "../api-call.ts";
import { readObject } from "../body.ts";
import { present } from "../present.ts";
import { respondCached, respondObject, respondWritten } from "../respond.ts";
import { CHANGED_MEANWHILE, changeObject } from "../write/change.ts";
import { checkName, checkNamespace } from "../write/metadata.ts";
import { validateWriteOptions } from "../write/write-options.ts";
import { createObject } from "./create.ts";

export async function update(call: ApiCall): Promise<void> {
  validateWriteOptions(call, "UpdateOptions");
  const { info, resource } = call;
  const object = await readObject(call);
  checkNames(call, object);
  await storeOf(call).fresh();
  if (!(await present(call)) && resource.definition.createOnUpdate && !call.subresource) {
    const created = await createObject(call, object);
    return created.stored ? respondCached(call, 201, created.stored) : respondObject(call, 201, created.object);
  }
  const changed = await changeObject(call, (old) => {
    const { resourceVersion, uid } = object.metadata;
    const gr = groupResource(resource.definition);
    if (uid && uid !== old.metadata.uid)
      throw conflict(
        gr,
        info.name,
        `StorageError: invalid object, Code: 4, Key: ${storeOf(call).cache.prefix}${keyOf(info)}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
      );
    if (resourceVersion && resourceVersion !== "0" && resourceVersion !== old.metadata.resourceVersion)
      throw conflict(gr, info.name, CHANGED_MEANWHILE);
    // After a lost race a body that names a version is refused above, so it is needed only once.
    return resourceVersion && resourceVersion !== "0" ? object : clone(object);
  });
  if (changed.stored) respondCached(call, 200, changed.stored);
  else await respondWritten(call, 200, changed.object);
}

function checkNames(call: ApiCall, object: Draft<KubeObject>): void {
  checkName(object.metadata.name, call.info.name);
  checkNamespace(call, object);
}
