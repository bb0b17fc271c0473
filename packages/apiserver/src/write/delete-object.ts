/**
 * What a delete does to an object: it goes at once; or it is marked as going, with a time, while a grace period runs, finalizers are to be
 * worked off, or its dependents are to be dealt with first.
 */
import type { Draft, KubeObject } from "@kubets/api/meta";
import { groupResource, type ResourceDefinition } from "@kubets/api/resource";
import { conflict, notFound } from "@kubets/machinery";
import { type ApiCall, storeOf } from "../api-call.ts";
import type { CachedObject } from "../store/cached-object.ts";
import type { WriteOutcome } from "../store/resource-store.ts";
import { admit, admitFinally } from "./admit.ts";
import { released } from "./allocate.ts";
import { timestamp } from "./context.ts";
import type { DeleteOptions } from "./delete-options.ts";

export interface Deleted {
  readonly object: CachedObject;
  /** The object is no longer there. */
  readonly gone: boolean;
  readonly pending: boolean;
}

export async function deleteObject(call: ApiCall, found: CachedObject, options: DeleteOptions): Promise<Deleted> {
  const store = storeOf(call);
  const { definition } = store;
  let current: CachedObject | undefined = found;
  for (;;) {
    if (!current) throw notFound(groupResource(definition), found.name);
    checkPreconditions(definition, current, options);
    await admit(call, "DELETE", undefined, current.object, options);
    await admitFinally(call, "DELETE", undefined, current.object, options);
    const marked = markDeleted(definition, current.object, options, call.server.clock.now());
    if (marked === "unchanged") return { object: current, gone: false, pending: true };
    if (call.dryRun) return { object: current, gone: !marked, pending: Boolean(marked) };
    const outcome: WriteOutcome = marked
      ? await store.replace(current.key, marked, current)
      : await store.remove(current.key, current);
    if (outcome.done && !marked) await released(call, outcome.object.object);
    if (outcome.done) return { object: outcome.object, gone: !marked, pending: Boolean(marked) };
    current = outcome.current;
  }
}

function checkPreconditions(
  definition: ResourceDefinition,
  current: CachedObject,
  { preconditions }: DeleteOptions,
): void {
  if (!preconditions) return;
  const { uid, resourceVersion } = current.object.metadata;
  const failed =
    preconditions.uid !== undefined && preconditions.uid !== uid
      ? `UID in precondition: ${preconditions.uid}, UID in object meta: ${uid}`
      : preconditions.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion
        ? `ResourceVersion in precondition: ${preconditions.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`
        : undefined;
  if (failed) throw conflict(groupResource(definition), current.name, `Precondition failed: ${failed}`);
}

/** The object marked as going; undefined when it can go at once; "unchanged" when it is going already and nothing new was said. */
function markDeleted(
  definition: ResourceDefinition,
  object: KubeObject,
  options: DeleteOptions,
  now: number,
): KubeObject | undefined | "unchanged" {
  const { metadata } = object;
  const finalizers = finalizersFor(definition, metadata.finalizers ?? [], options);
  const grace = definition.graceSeconds?.(object, options.gracePeriodSeconds) ?? 0;
  const going = metadata.deletionTimestamp !== undefined;
  if (
    going &&
    grace > 0 &&
    grace >= (metadata.deletionGracePeriodSeconds ?? 0) &&
    sameList(finalizers, metadata.finalizers ?? [])
  )
    return "unchanged";
  const held = definition.isHeld?.(object) ?? false;
  if (grace === 0 && finalizers.length === 0 && !held) return undefined;
  if (
    going &&
    grace === 0 &&
    metadata.deletionGracePeriodSeconds === 0 &&
    sameList(finalizers, metadata.finalizers ?? [])
  )
    return "unchanged";

  const marked = structuredClone(object) as Draft<KubeObject>;
  if (!going) {
    marked.metadata.deletionTimestamp = timestamp(now + grace * 1000);
    if (metadata.generation) marked.metadata.generation = metadata.generation + 1;
  } else if (grace < (metadata.deletionGracePeriodSeconds ?? 0)) {
    // A shorter grace: the end comes sooner, counted from when the deletion began.
    const began = Date.parse(metadata.deletionTimestamp as string) - (metadata.deletionGracePeriodSeconds ?? 0) * 1000;
    marked.metadata.deletionTimestamp = timestamp(Math.max(began + grace * 1000, 0));
  }
  marked.metadata.deletionGracePeriodSeconds = grace;
  if (finalizers.length) marked.metadata.finalizers = finalizers;
  else delete marked.metadata.finalizers;
  definition.markDeleted?.(marked);
  return marked as KubeObject;
}

/** How dependents are dealt with is noted as a finalizer, for the garbage collector. */
function finalizersFor(definition: ResourceDefinition, present: readonly string[], options: DeleteOptions): string[] {
  const others = present.filter((f) => f !== "orphan" && f !== "foregroundDeletion");
  const policy =
    options.propagationPolicy ??
    (options.orphanDependents === undefined ? undefined : options.orphanDependents ? "Orphan" : "Background");
  if (policy === "Orphan") return [...others, "orphan"];
  if (policy === "Foreground") return [...others, "foregroundDeletion"];
  if (policy === "Background") return others;
  if (present.length !== others.length) return [...present];
  return definition.defaultPropagation === "Orphan" ? [...others, "orphan"] : others;
}

const sameList = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((x, i) => x === b[i]);
