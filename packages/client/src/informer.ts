/**
 * A local view of a collection, kept in step by one watch, shared by everyone in the process who asks for the same collection.
 *
 * Holds: handlers see each change once, in order, and `get` already shows it; after `synced` the view was complete at
 * some moment. A watch that ends, stalls or expires is taken up again (by its resourceVersion, or by a fresh list whose differences are
 * told as changes); what the view last knew stays readable meanwhile. Objects are shared and never changed.
 */
import type { KubeObject } from "@kubets/api/meta";
import type { ShardSelector } from "@kubets/machinery/shard-selector";

export interface Informer<T extends KubeObject> {
  /** Resolves when the first complete list has been taken in. */
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
  /** By "namespace/name", or "name" where there are no namespaces. */
  get(key: string): T | undefined;
  /** All of them, or those of one namespace. The array is the caller's. */
  list(namespace?: string): T[];
  /** Those for which the index function gave this value; see `addIndex`. */
  indexed(index: string, value: string): readonly T[];
  /** Adds an index; a second one of the same name replaces nothing and must be the same function. */
  addIndex(name: string, values: (object: T) => readonly string[]): void;
  /** Tells of what is there (as added) and of every change from then on. */
  subscribe(handler: InformerHandler<T>): Subscription;
}

export interface InformerHandler<T> {
  added?(object: T): void;
  /** Also when nothing but the resourceVersion moved. */
  changed?(object: T, old: T): void;
  /** `object` is the last state known. */
  deleted?(object: T): void;
  /** Called after the handlers of a batch, for work that is better done once. */
  batchEnd?(): void;
}

export interface Subscription {
  stop(): void;
}

export interface InformerOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** A share of the collection. What a server sends besides, as it does not know shards, is left out. */
  shard?: ShardSelector;
}

/** The key of an object in informers and queues: "namespace/name", or "name" where there is no namespace. */
export function keyOf(object: { readonly metadata: { readonly namespace?: string; readonly name: string } }): string {
  const { namespace, name } = object.metadata;
  return namespace ? `${namespace}/${name}` : name;
}

export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf("/");
  return slash < 0 ? { namespace: "", name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
