/**
 * The road of every change of an object that is there: from what stands in storage to what shall stand there, again from the start when somebody else was
 * faster. A change that changes nothing is not written.
 */
import { canonical } from "@kubets/api/codec/canonical";
import type { Draft, KubeObject } from "@kubets/api/meta";
import { groupResource, type ResourceDefinition } from "@kubets/api/resource";
import { invalid, invalidValue, notFound } from "@kubets/machinery";
import { deepEqual } from "@kubets/machinery/deep-equal";
import { myTurn } from "@kubets/machinery/turns";
import { type ApiCall, inVersion, keyOf, storeOf } from "../api-call.ts";
import { LARGE_BYTES, walked } from "../large.ts";
import { present } from "../present.ts";
import { type CachedObject, stamped } from "../store/cached-object.ts";
import { admit, admitFinally } from "./admit.ts";
import { allocate, released, underReservation } from "./allocate.ts";
import { writeContext } from "./context.ts";
import { claimStatusErrors } from "./device-rights.ts";
import { ownFields } from "./field-owners.ts";
import { checkNamespace, dropDoubleOwners, keepMetadata } from "./metadata.ts";
import { fillDefaults, strategyOf, toHub } from "./prepare.ts";
import { validateUpdate } from "./validate.ts";

export const CHANGED_MEANWHILE =
  "the object has been modified; please apply your changes to the latest version and try again";

export interface Changed {
  /** Undefined on dry runs. */
  readonly stored: CachedObject | undefined;
  readonly object: KubeObject;
}

/** `make` gives the new object from the old one, in the version of the request; it may throw, and is called again after a lost race. `noteOwners` notes who owns what has changed. */
export async function changeObject(
  call: ApiCall,
  make: (old: KubeObject) => Draft<KubeObject> | Promise<Draft<KubeObject>>,
  noteOwners = ownFields,
): Promise<Changed> {
  const store = storeOf(call);
  const key = keyOf(call.info);
  let current = store.cache.get(key) ?? (await present(call));
  for (;;) {
    if (!current) throw notFound(groupResource(call.resource.definition), call.info.name);
    call.isLarge ||= current.bytes.length > LARGE_BYTES;
    if (call.isLarge) await myTurn();
    const old = inVersion(call, current.object);
    const draft = await prepare(call, old, await make(old), noteOwners);
    const reservation = await allocate(call, draft, old);
    const next = await underReservation(reservation, () => build(call, old, draft));
    if (call.dryRun) {
      await reservation?.undo();
      return { stored: undefined, object: next };
    }
    if (call.isLarge) await myTurn();
    const stored = toHub(call.resource.definition, next);
    if (deepEqual(current.object, stored) && !store.isStale(current)) {
      await reservation?.undo();
      return { stored: current, object: old };
    }
    const expected = current;
    const goes = goesNow(call.resource.definition, stored);
    const outcome = await underReservation(reservation, () =>
      goes ? store.remove(key, expected) : store.replace(key, stored, expected, call),
    );
    if (outcome.done) {
      await reservation?.keep();
      if (goes) await released(call, outcome.object.object);
      return { stored: goes ? stamped(key, outcome.object.revision, stored) : outcome.object, object: next };
    }
    await reservation?.undo();
    current = outcome.current;
  }
}

/** The new object as the client wants it, with who owns what, defaults, and what admission makes of it. */
async function prepare(
  call: ApiCall,
  old: KubeObject,
  object: Draft<KubeObject>,
  noteOwners: typeof ownFields,
): Promise<Draft<KubeObject>> {
  const { definition } = call.resource;
  const filling = walked(call, () => fillDefaults(definition, object));
  if (filling) await filling;
  dropDoubleOwners(call, object);
  if (call.isLarge) await myTurn();
  noteOwners(call, old, object);
  await admit(call, "UPDATE", object, old);
  checkNamespace(call, object);
  const again = walked(call, () => fillDefaults(definition, object));
  if (again) await again;
  if (definition.unconditionalUpdate === false && !object.metadata.resourceVersion) throw needsVersion(definition, old);
  keepMetadata(object, old);
  return object;
}

/** Some kinds are only changed by who says which version they saw. */
function needsVersion({ group, resource }: ResourceDefinition, { metadata }: KubeObject) {
  return invalid({ group, kind: resource }, metadata.name, [
    invalidValue("metadata.resourceVersion", 0, "must be specified for an update"),
  ]);
}

/** Everything from there to the form in which it is stored. */
async function build(call: ApiCall, old: KubeObject, object: Draft<KubeObject>): Promise<KubeObject> {
  const { definition } = call.resource;
  const strategy = strategyOf(definition, call.subresource);
  const context = writeContext(call);
  strategy.prepareForUpdate?.(object, old, context);
  if (definition.countsGeneration && call.subresource?.type !== "status")
    countGeneration(object, old, definition.countsGeneration);
  const part = { name: call.info.subresource, strategy };
  if (call.isLarge) await myTurn();
  const found = validateUpdate(definition, part, object as KubeObject, old, context);
  const errors = found instanceof Promise ? await found : found;
  const denied = claimStatusErrors(call, object as KubeObject, old);
  if (denied) errors.unshift(...(await denied));
  if (errors.length) throw invalid(definition.hub?.resource() ?? definition, object.metadata.name, errors);
  const warnings = strategy.warnings?.(object as KubeObject, old, context);
  if (warnings) call.warnings.push(...warnings);
  await admitFinally(call, "UPDATE", object, old);
  object.metadata.resourceVersion = old.metadata.resourceVersion;
  const made = walked(call, () => canonical(definition.schema, object, { own: true }));
  return (made instanceof Promise ? await made : made) as unknown as KubeObject;
}

type CountedParts = Exclude<NonNullable<ResourceDefinition["countsGeneration"]>, false>;

/** The generation counts changes of what people declare: all but metadata and status, and that part of the metadata which the kind names. */
function countGeneration(object: Draft<KubeObject>, old: KubeObject, counts: CountedParts): void {
  const declared = ({ metadata, ...rest }: Draft<KubeObject> | KubeObject) => ({
    ...rest,
    metadata: counts === "labels" || counts === "annotations" ? metadata[counts] : undefined,
    ...(counts !== "withStatus" && { status: undefined }),
  });
  const before = old.metadata.generation ?? 0;
  object.metadata.generation = deepEqual(declared(object), declared(old)) ? before : before + 1;
}

/** An object that was only waiting for its last finalizer goes with it. */
function goesNow(definition: ResourceDefinition, object: KubeObject): boolean {
  const { deletionTimestamp, finalizers, deletionGracePeriodSeconds } = object.metadata;
  return (
    Boolean(deletionTimestamp) && !finalizers?.length && !deletionGracePeriodSeconds && !definition.isHeld?.(object)
  );
}
