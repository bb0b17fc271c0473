/**
 * Typed access to an API server, over any transport. Objects that come out are readonly and may be shared with others in the process
 * (the in-process transport hands out the server's own): copy before changing (`structuredClone`), or send a patch.
 *
 * Every method throws a StatusError when the server refuses, and the transport's error when it could not be reached. Nothing is
 * retried here; `retryOnConflict`, informers and work queues are for that.
 */
import type { ShardInfo } from "@kubets/api/generated/types/meta-v1";
import type { Input, KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";

export interface Client {
  get<T extends KubeObject>(ref: ResourceRef<T>, key: ObjectKey, options?: GetOptions): Promise<T>;
  list<T extends KubeObject>(ref: ResourceRef<T>, options?: ListOptions): Promise<ObjectList<T>>;
  create<T extends KubeObject>(ref: ResourceRef<T>, object: Input<T>, options?: WriteOptions): Promise<T>;
  /** Replaces; a stale resourceVersion is a Conflict. */
  update<T extends KubeObject>(ref: ResourceRef<T>, object: Input<T>, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(ref: ResourceRef<T>, key: ObjectKey, patch: Patch, options?: WriteOptions): Promise<T>;
  /** Server-side apply; `fieldManager` is required by the server. */
  apply<T extends KubeObject>(
    ref: ResourceRef<T>,
    object: Input<T>,
    options: WriteOptions & { fieldManager: string; force?: boolean },
  ): Promise<T>;
  delete<T extends KubeObject>(ref: ResourceRef<T>, key: ObjectKey, options?: DeleteOptions): Promise<void>;
  deleteCollection<T extends KubeObject>(ref: ResourceRef<T>, options?: ListOptions & DeleteOptions): Promise<void>;
  /** A create of another kind below an object: binding, eviction, token. */
  act<R>(ref: ResourceRef, key: ObjectKey, subresource: string, body: unknown): Promise<R>;
  /** Opens a watch; it ends by `sink.closed`, by the handle, or by the signal. Resolves when the server has accepted it. */
  watch<T extends KubeObject>(ref: ResourceRef<T>, options: WatchOptions, sink: WatchSink<T>): Promise<WatchHandle>;
  /** Any path; for discovery, health, proxies. */
  raw(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; body: Uint8Array }>;
}

export interface ObjectKey {
  /** Absent for resources without namespaces. */
  readonly namespace?: string;
  readonly name: string;
}

export interface GetOptions {
  resourceVersion?: string;
  signal?: AbortSignal;
}

export interface ListOptions extends GetOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Servers that do not know it, or have it switched off, overlook it; those that heed it say so (`shardInfo`). */
  shardSelector?: string;
  limit?: number;
  continue?: string;
  resourceVersionMatch?: "Exact" | "NotOlderThan";
}

export interface WatchOptions extends ListOptions {
  allowBookmarks?: boolean;
  /** The present objects first, then a bookmark that says so, then changes: a list and a watch in one. */
  sendInitialEvents?: boolean;
  timeoutSeconds?: number;
}

export interface WriteOptions {
  subresource?: string;
  fieldManager?: string;
  fieldValidation?: "Strict" | "Warn" | "Ignore";
  dryRun?: boolean;
  signal?: AbortSignal;
}

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: "Background" | "Foreground" | "Orphan";
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun?: boolean;
  signal?: AbortSignal;
}

export type Patch =
  | { readonly type: "merge" | "strategic"; readonly body: unknown }
  | { readonly type: "json"; readonly body: readonly unknown[] };

export interface ObjectList<T> {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
    readonly shardInfo?: ShardInfo;
  };
  readonly items: readonly T[];
}

export interface WatchSink<T> {
  /** Events in order, those that arrived together in one call. Bookmarks carry an object with little but a resourceVersion. */
  events(batch: readonly WatchEvent<T>[]): void;
  /**
   * The watch is over and no call follows: orderly (no error), by a Status ("Expired": list again), or by a broken connection. Not told
   * to who ended it by the handle or the signal; after that nothing is told at all.
   */
  closed(error: Error | undefined): void;
}

export interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly object: T;
}

export interface WatchHandle {
  stop(): void;
}
