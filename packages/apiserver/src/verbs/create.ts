/** POST to a collection: a new object, under its own name or one that is made for it. */
import { canonical } from "@kubets/api/codec/canonical";
import { canonicalOfNew } from "@kubets/api/codec/shared-specs";
import type { Draft, KubeObject, PlainObject } from "@kubets/api/meta";
import { groupResource } from "@kubets/api/resource";
import { alreadyExists, forbidden, generateNameConflict, invalid } from "@kubets/machinery";
import { myTurn } from "@kubets/machinery/turns";
import { type ApiCall, keyOf, storeOf } from "../api-call.ts";
import { readObject } from "../body.ts";
import { walked } from "../large.ts";
import { respondCached, respondWritten } from "../respond.ts";
import type { Reservation } from "../services/allocator.ts";
import { admit, admitFinally } from "../write/admit.ts";
import { allocate, underReservation } from "../write/allocate.ts";
import { writeContext } from "../write/context.ts";
import { newClaimErrors } from "../write/device-rights.ts";
import { ownFields } from "../write/field-owners.ts";
import { beginMetadata, checkNamespace, dropDoubleOwners, giveIdentity } from "../write/metadata.ts";
import { fillDefaults, toHub } from "../write/prepare.ts";
import { validateCreate } from "../write/validate.ts";
import { validateWriteOptions } from "../write/write-options.ts";

export async function create(call: ApiCall): Promise<void> {
  validateWriteOptions(call, "CreateOptions");
  const object = await readObject(call);
  const created = await createObject(call, object);
  if (created.stored) respondCached(call, 201, created.stored);
  else await respondWritten(call, 201, created.object);
}

/** The road of a create from the decoded object on; patches that create take it too. */
export async function createObject(call: ApiCall, object: Draft<KubeObject>, owners = ownFields) {
  const { definition } = call.resource;
  checkNamespace(call, object);
  beginMetadata(call, object);
  const filling = walked(call, () => fillDefaults(definition, object));
  if (filling) await filling;
  dropDoubleOwners(call, object);
  if (call.isLarge) await myTurn();
  owners(call, undefined, object);
  if (definition.closed) throw forbidden(groupResource(definition), object.metadata.name, definition.closed);
  await admit(call, "CREATE", object, undefined);
  checkNamespace(call, object);
  giveIdentity(call, object);
  const reservation = await allocate(call, object, undefined);
  return underReservation(reservation, () => finishCreate(call, object, reservation));
}

/** Strategy, validation and the commit. */
async function finishCreate(call: ApiCall, object: Draft<KubeObject>, reservation: Reservation | undefined) {
  const { definition } = call.resource;
  const context = writeContext(call);
  if (definition.countsGeneration) object.metadata.generation = 1;
  definition.prepareForCreate?.(object, context);
  if (call.isLarge) await myTurn();
  const found = validateCreate(definition, object as KubeObject, context);
  const errors = found instanceof Promise ? await found : found;
  const denied = newClaimErrors(call, object as KubeObject);
  if (denied) errors.unshift(...denied);
  if (errors.length) throw invalid(definition.hub?.resource() ?? definition, object.metadata.name ?? "", errors);
  const warnings = definition.warnings?.(object as KubeObject, undefined, context);
  if (warnings) call.warnings.push(...warnings);
  await admitFinally(call, "CREATE", object, undefined);

  const key = definition.namespaced ? `${call.info.namespace}/${object.metadata.name}` : object.metadata.name;
  if (call.dryRun) {
    const { cache, unreadable } = storeOf(call);
    if (cache.get(key) || unreadable.has(key)) throw exists(call, object);
    await reservation?.undo();
    const made = walked(call, () => canonical(definition.schema, object));
    return { stored: undefined, object: (await made) as unknown as KubeObject };
  }
  // Takes the place at which storage will set the revision.
  object.metadata.resourceVersion = "0";
  const made = walked(call, () => canonicalOfNew(definition.schema, object as unknown as PlainObject, call.isLarge));
  const canonicalObject = (made instanceof Promise ? await made : made) as unknown as KubeObject;
  const outcome = await storeOf(call).create(key, toHub(definition, canonicalObject), call);
  if (!outcome.done) throw exists(call, object);
  await reservation?.keep();
  return { stored: outcome.object, object: canonicalObject };
}

function exists(call: ApiCall, { metadata }: Draft<KubeObject>) {
  const gr = groupResource(call.resource.definition);
  if (metadata.generateName && metadata.name.startsWith(metadata.generateName))
    return generateNameConflict(gr, metadata.name, 1);
  const error = alreadyExists(gr, metadata.name);
  const key = keyOf({ namespace: metadata.namespace ?? "", name: metadata.name });
  if (storeOf(call).cache.get(key)?.object.metadata.deletionTimestamp)
    error.status.message = `object is being deleted: ${error.status.message}`;
  return error;
}
