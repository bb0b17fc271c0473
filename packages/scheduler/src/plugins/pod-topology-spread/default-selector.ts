/**
 * Which pods belong together when a pod does not say so itself: those of the same services and the same owner. Answers are kept until a
 * service or an owner comes, goes or selects otherwise.
 */
import { replicasets, replicationcontrollers, services, statefulsets } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { Cache } from "@kubets/client/controller";
import {
  type LabelSelector,
  type LabelSelectorObject,
  type Labels,
  labelSelectorOf,
  selectorFromSet,
} from "@kubets/machinery/label-selector";

/** Undefined where the pod belongs to nothing. */
export type DefaultSelector = (pod: Pod) => LabelSelector | undefined;

const MAX_KEPT = 2000;

interface Selecting extends KubeObject {
  readonly spec?: { readonly selector?: LabelSelectorObject };
}

export function trackDefaultSelectors(cache: Cache): DefaultSelector {
  const kept = new Map<string, LabelSelector | undefined>();
  const forget = () => kept.clear();
  for (const ref of [services, replicationcontrollers, replicasets, statefulsets] as ResourceRef<Selecting>[]) {
    cache.informer(ref).subscribe({
      added: forget,
      deleted: forget,
      changed: (now, old) => {
        if (JSON.stringify(now.spec?.selector) !== JSON.stringify(old.spec?.selector)) forget();
      },
    });
  }
  return (pod) => {
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller);
    const key = JSON.stringify([pod.metadata.namespace, owner?.uid, pod.metadata.labels]);
    if (kept.has(key)) return kept.get(key);
    const selector = defaultSelector(cache, pod);
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(key, selector);
    return selector;
  };
}

export function defaultSelector(cache: Cache, { metadata }: Pod): LabelSelector | undefined {
  const { namespace, labels = {} } = metadata;
  const merged: Record<string, string> = {};
  for (const { spec } of cache.list(services, namespace)) {
    if (spec.selector && selects(spec.selector, labels)) Object.assign(merged, spec.selector);
  }
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  const key = `${namespace}/${owner?.name}`;
  if (owner?.kind === "ReplicationController" && owner.apiVersion === "v1")
    Object.assign(merged, cache.get(replicationcontrollers, key)?.spec.selector);

  let selector = selectorFromSet(merged);
  const ref = owner?.apiVersion === "apps/v1" ? OWNERS[owner.kind] : undefined;
  const own = ref && cache.get(ref, key)?.spec?.selector;
  if (own) selector = selector.with(...labelSelectorOf(own).requirements);
  return selector.isEmpty() ? undefined : selector;
}

const OWNERS: Readonly<Record<string, ResourceRef<Selecting>>> = { ReplicaSet: replicasets, StatefulSet: statefulsets };

const selects = (selector: Labels, labels: Labels): boolean => {
  const entries = Object.entries(selector);
  return entries.length > 0 && entries.every(([key, value]) => labels[key] === value);
};
