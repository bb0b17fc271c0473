/**
 * What a delete does to an object: it goes at once; or it is marked as going, with a time, while a grace period runs, finalizers are to be
 * worked off, or its dependents are to be dealt with first. Kinds that end gracefully are marked even when they go at once.
 */
import { groupResource } from "@kubets/api/resource";
import { conflict, notFound } from "@kubets/machinery";
import { type ApiCall, storeOf } from "../api-call.ts";
import { type CachedObject, stamped } from "../store/cached-object.ts";
import type { WriteOutcome } from "../store/resource-store.ts";
import { admit, admitFinally } from "./admit.ts";
import { released } from "./allocate.ts";
import type { DeleteOptions } from "./delete-options.ts";
import { planDelete } from "./plan-delete.ts";

interface Deleted {
  readonly object: CachedObject;
  /** The object is no longer there. */
  readonly gone: boolean;
}

export async function deleteObject(call: ApiCall, found: CachedObject, options: DeleteOptions): Promise<Deleted> {
  const store = storeOf(call);
  const { definition } = store;
  let current: CachedObject | undefined = found;
  for (;;) {
    if (!current) throw notFound(groupResource(definition), found.name);
    if (options.preconditions) checkPreconditions(call, current, options.preconditions);
    await admit(call, "DELETE", undefined, current.object, options);
    await admitFinally(call, "DELETE", undefined, current.object, options);
    const plan = planDelete(definition, current.object, options, call.server.clock.now());
    if (plan === "pending") return { object: current, gone: false };
    const { marked, goes } = plan;
    if (call.dryRun) return { object: marked ? stamped(current.key, current.revision, marked) : current, gone: goes };
    let outcome: WriteOutcome | undefined;
    if (marked) outcome = await store.replace(current.key, marked, current);
    if (goes && (!outcome || outcome.done)) outcome = await store.remove(current.key, outcome?.object ?? current);
    if (outcome?.done && goes) await released(call, outcome.object.object);
    if (outcome?.done) return { object: outcome.object, gone: goes };
    current = outcome?.current;
  }
}

function checkPreconditions(
  { resource: { definition } }: ApiCall,
  current: CachedObject,
  { uid, resourceVersion }: NonNullable<DeleteOptions["preconditions"]>,
): void {
  const { metadata } = current.object;
  const kind = { group: definition.group, resource: definition.kind };
  if (uid !== undefined && uid !== metadata.uid)
    throw conflict(
      kind,
      current.name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    throw conflict(
      kind,
      current.name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
}
