/**
 * The dependents of an owner in the cache: those that it controls and those of its namespace that nobody controls, which it may adopt;
 * and which owners an object concerns when it changes.
 */
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import {
  type Cache,
  type ControllerContext,
  type ControllerWatch,
  controllerOf,
  keyOf,
  onRelated,
  refersTo,
} from "@kubets/client";
import type { LabelSelector } from "@kubets/machinery";

const ORPHANS = "orphans";
const orphanNamespace = (object: KubeObject): readonly string[] =>
  controllerOf(object) ? [] : [object.metadata.namespace ?? ""];

export function ownedAndOrphans<T extends KubeObject>(cache: Cache, ref: ResourceRef<T>, owner: KubeObject): T[] {
  const informer = cache.informer(ref);
  informer.addIndex(ORPHANS, orphanNamespace);
  return [...cache.owned(ref, owner), ...informer.indexed(ORPHANS, owner.metadata.namespace ?? "")];
}

/** A watch whose objects concern their controller, before and after a change, and as orphans whoever selects them. */
export function onAdoptable<T extends KubeObject, O extends KubeObject>(
  resource: ResourceRef<T>,
  owner: ResourceRef<O>,
  selectorOf: (owner: O) => LabelSelector,
): ControllerWatch {
  const controllerKey = (object: T | undefined) => {
    const reference = object && controllerOf(object);
    return reference && refersTo(reference, owner) ? `${object.metadata.namespace}/${reference.name}` : undefined;
  };
  const adopters = (object: T, { cache }: ControllerContext) =>
    cache
      .list(owner, object.metadata.namespace)
      .filter((each) => matchesSome(selectorOf, each, object.metadata.labels))
      .map(keyOf);
  return onRelated(resource, (object, old, context) => {
    const keys = new Set<string>();
    for (const key of [controllerKey(object), controllerKey(old)]) if (key) keys.add(key);
    if (!controllerOf(object) && !object.metadata.deletionTimestamp && becameAdoptable(object, old))
      for (const key of adopters(object, context)) keys.add(key);
    return [...keys];
  });
}

/** Labels or owners changed, or it is new. */
const becameAdoptable = (object: KubeObject, old: KubeObject | undefined): boolean =>
  !old || object.metadata.labels !== old.metadata.labels || controllerOf(object)?.uid !== controllerOf(old)?.uid;

function matchesSome<O>(
  selectorOf: (owner: O) => LabelSelector,
  owner: O,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  try {
    const selector = selectorOf(owner);
    return !selector.isEmpty() && selector.matches(labels);
  } catch {
    return false; // An owner whose selector cannot be read selects nothing.
  }
}
