/** Tells of every object of a resource that is there, and of each change from then on, straight from the server's own cache. */
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { ServedResources } from "../served-resource.ts";

export function follow<T extends KubeObject>(
  served: ServedResources,
  ref: ResourceRef<T>,
  set: (key: string, now: T | undefined, old: T | undefined) => void,
): void {
  const cache = served.get(ref.group, ref.version, ref.resource)?.store?.cache;
  if (!cache) throw new Error(`${ref.resource} are not stored by this server`);
  for (const cached of cache.list()) set(cached.key, cached.object as T, undefined);
  cache.onChange(({ current, previous }) => {
    const known = current ?? previous;
    if (known) set(known.key, current?.object as T | undefined, previous?.object as T | undefined);
  });
}
