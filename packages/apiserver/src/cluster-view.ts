/** What admission and authorization see of the cluster: the server's own caches, without a copy. What cannot be read is not seen. */
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { ClusterView } from "./admission/plugin.ts";
import type { ServedResources } from "./served-resource.ts";
import type { ResourceStore } from "./store/resource-store.ts";

/** The store of a resource that every server has. */
export function storeIn(served: ServedResources, ref: ResourceRef): ResourceStore {
  const store = served.get(ref.group, ref.version, ref.resource)?.store;
  if (!store) throw new Error(`${ref.resource} are not stored by this server`);
  return store;
}

/** For those who decide by what they see: what cannot be read is an error to them, and no absence. */
export function strictView(view: ClusterView, served: ServedResources): ClusterView {
  return {
    ...view,
    get<T extends KubeObject>(ref: ResourceRef<T>, namespace: string, name: string): T | undefined {
      const found = view.get(ref, namespace, name);
      const error = found ? undefined : storeIn(served, ref).unreadable.get(namespace ? `${namespace}/${name}` : name);
      if (error) throw error;
      return found;
    },
    list<T extends KubeObject>(ref: ResourceRef<T>, namespace?: string): readonly T[] {
      storeIn(served, ref).mustBeReadable(namespace);
      return view.list(ref, namespace);
    },
  };
}

export function clusterView(served: ServedResources): ClusterView {
  const stores = new WeakMap<ResourceRef, ResourceStore>();
  const storeOf = (ref: ResourceRef) => {
    let store = stores.get(ref);
    if (!store) stores.set(ref, (store = storeIn(served, ref)));
    return store;
  };
  return {
    get<T extends KubeObject>(ref: ResourceRef<T>, namespace: string, name: string): T | undefined {
      return storeOf(ref).cache.get(namespace ? `${namespace}/${name}` : name)?.object as T | undefined;
    },
    isUnreadable(ref: ResourceRef, namespace: string, name: string): boolean {
      return storeOf(ref).unreadable.has(namespace ? `${namespace}/${name}` : name);
    },
    list<T extends KubeObject>(ref: ResourceRef<T>, namespace?: string): readonly T[] {
      return storeOf(ref)
        .cache.list(namespace)
        .map((cached) => cached.object as T);
    },
    async refresh() {
      for (const { store } of served.all()) if (store) return store.fresh();
    },
  };
}
