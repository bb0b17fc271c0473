/** What becomes of an object that is to be deleted: a pure decision over its metadata, its kind and the options. */
import type { Draft, KubeObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import { timestamp } from "./context.ts";
import type { DeleteOptions } from "./delete-options.ts";

/** "pending": it is going already, and nothing new was said. Otherwise it is marked, or goes, or both, one after the other. */
type DeletePlan = "pending" | { readonly marked: KubeObject | undefined; readonly goes: boolean };

export function planDelete(
  definition: ResourceDefinition,
  object: KubeObject,
  options: DeleteOptions,
  now: number,
): DeletePlan {
  const graceful = definition.graceSeconds && grace(definition.graceSeconds, object, options.gracePeriodSeconds, now);
  if (graceful === "pending") return "pending";
  const present = object.metadata.finalizers ?? [];
  const finalizers = finalizersFor(definition, present, options);
  if (graceful) {
    const marked = withMetadata(object, { ...graceful, finalizers });
    return { marked, goes: graceful.deletionGracePeriodSeconds === 0 && finalizers.length === 0 };
  }
  const held = definition.isHeld?.(object) ?? false;
  if (finalizers.length === 0 && !held) return { marked: undefined, goes: true };
  const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata;
  const isMarked = definition.markDeleted !== undefined || deletionGracePeriodSeconds === 0;
  if (deletionTimestamp !== undefined && isMarked && sameList(finalizers, present)) return "pending";
  const marked = withMetadata(object, {
    deletionTimestamp: earlier(deletionTimestamp, timestamp(now)),
    deletionGracePeriodSeconds: 0,
    generation: deletionGracePeriodSeconds === undefined ? next(object.metadata.generation) : undefined,
    finalizers,
  });
  definition.markDeleted?.(marked, object);
  return { marked: marked as KubeObject, goes: false };
}

interface Going {
  readonly deletionTimestamp: string;
  readonly deletionGracePeriodSeconds: number;
  readonly generation?: number | undefined;
}

/** When a kind that ends gracefully goes; undefined when it was marked without a time of grace and can only go at once. */
function grace(
  secondsOf: NonNullable<ResourceDefinition["graceSeconds"]>,
  object: KubeObject,
  asked: number | undefined,
  now: number,
): Going | undefined | "pending" {
  const { deletionTimestamp, deletionGracePeriodSeconds: current, generation } = object.metadata;
  if (deletionTimestamp === undefined) {
    const seconds = secondsOf(object, asked) ?? 0;
    return {
      deletionTimestamp: timestamp(now + seconds * 1000),
      deletionGracePeriodSeconds: seconds,
      generation: next(generation),
    };
  }
  if (current === undefined) return undefined;
  if (asked === undefined || asked >= current) return "pending";
  // A shorter grace: the end comes sooner, counted from when the deletion began.
  const began = Date.parse(deletionTimestamp) - current * 1000;
  return { deletionTimestamp: timestamp(Math.max(began + asked * 1000, 0)), deletionGracePeriodSeconds: asked };
}

const next = (generation: number | undefined) => (generation ? generation + 1 : undefined);

const earlier = (a: string | undefined, b: string) => (a !== undefined && a < b ? a : b);

function withMetadata(object: KubeObject, going: Going & { finalizers: string[] }): Draft<KubeObject> {
  const metadata = { ...object.metadata } as Draft<KubeObject>["metadata"];
  metadata.deletionTimestamp = going.deletionTimestamp;
  metadata.deletionGracePeriodSeconds = going.deletionGracePeriodSeconds;
  if (going.generation !== undefined) metadata.generation = going.generation;
  if (going.finalizers.length) metadata.finalizers = going.finalizers;
  else delete metadata.finalizers;
  return { ...object, metadata } as Draft<KubeObject>;
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
