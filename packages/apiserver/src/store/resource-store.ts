/**
 * Writes of one stored resource: compare-and-set against storage, and what is there now. Answers come when the write is durable and
 * this server's own reads show it.
 */
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import type { Change, CommitResult, Entry } from "@kubets/storage";
import type { ReadMeter } from "../metrics/read-metrics.ts";
import type { StorageMeter } from "../metrics/storage-metrics.ts";
import { CachedChange } from "./cached-change.ts";
import { type CachedObject, stamped } from "./cached-object.ts";
import type { ResourceCache } from "./resource-cache.ts";
import type { RevisionFeed } from "./revision-feed.ts";
import type { StoredForm } from "./stored-form.ts";
import { MOST_NAMED, UnreadableError, UnreadableListError } from "./unreadable.ts";
import { writtenInTurns } from "./written.ts";

type Size = { readonly isLarge?: boolean };

/** What became of a write: done, or somebody else was there first, and what stands there now. */
export type WriteOutcome =
  | { readonly done: true; readonly object: CachedObject }
  | { readonly done: false; readonly current: CachedObject | undefined };

export class ResourceStore {
  readonly cache: ResourceCache;
  readonly reads: ReadMeter | undefined;
  /** Told of what this server, and no other, has replaced. */
  onReplaced: ((object: KubeObject, before: KubeObject) => void) | undefined;
  readonly #feed: RevisionFeed;
  readonly #form: StoredForm;
  readonly #measured: StorageMeter;

  constructor(cache: ResourceCache, feed: RevisionFeed, form: StoredForm) {
    this.cache = cache;
    this.reads = feed.metrics?.reads.of(cache.definition);
    this.#feed = feed;
    this.#form = form;
    this.#measured = feed.metrics?.meter(cache.definition) ?? ((_operation, call) => call());
  }

  get definition(): ResourceDefinition {
    return this.cache.definition;
  }

  /** The store of the same objects as they are stored: another one where this shows what a webhook makes of them. */
  get stored(): ResourceStore {
    return this;
  }

  /** What stands in storage and cannot be read, by key. */
  get unreadable(): ReadonlyMap<string, UnreadableError> {
    return this.cache.unreadable;
  }

  /** Tries to read once more what could not be read; rejects with the UnreadableError when it still cannot. */
  async readAgain(key: string): Promise<void> {
    const entry = await this.#feed.storage.get(this.cache.prefix + key);
    if (entry) this.cache.readAgain(entry);
    const error = this.unreadable.get(key);
    if (error) throw error;
  }

  /** The same of all in a namespace, or of one of them, or of all; rejects with an UnreadableListError. */
  async readAllAgain(namespace?: string, name?: string): Promise<void> {
    const keys = this.#unreadableIn(namespace, name);
    for (let failed = 0; keys.length > 0 && failed <= MOST_NAMED; ) {
      // At once: a plugin that keeps their keys is asked for each key once, and waited for once.
      const tried = await Promise.allSettled(keys.splice(0, MOST_NAMED + 1).map((key) => this.readAgain(key)));
      for (const outcome of tried) {
        if (outcome.status === "fulfilled") continue;
        if (!(outcome.reason instanceof UnreadableError)) throw outcome.reason;
        failed++;
      }
    }
    this.mustBeReadable(namespace, name);
  }

  /** Throws an UnreadableListError when something cannot be read of what is asked for. */
  mustBeReadable(namespace?: string, name?: string): void {
    if (this.unreadable.size === 0) return;
    const errors = this.#unreadableIn(namespace, name).map((key) => this.unreadable.get(key) as UnreadableError);
    if (errors.length) throw new UnreadableListError(this.definition, errors);
  }

  #unreadableIn(namespace: string | undefined, name: string | undefined): string[] {
    const isAsked = (key: string) =>
      (!namespace || key.startsWith(`${namespace}/`)) &&
      (name === undefined || key.slice(key.indexOf("/") + 1) === name);
    return [...this.unreadable.keys()].filter(isAsked).sort();
  }

  /** The newest revision that reads of this server show. */
  get revision(): number {
    return this.#feed.revision;
  }

  /** Undefined when the caches are as new as storage for sure; otherwise resolves when they are. */
  fresh(): Promise<void> | undefined {
    return this.#feed.storage.exclusive ? undefined : this.#fresh();
  }

  async #fresh(): Promise<void> {
    const revision = await this.#feed.storage.currentRevision();
    const began = performance.now();
    await this.#feed.reached(revision);
    this.reads?.waited((performance.now() - began) / 1000);
  }

  reached(revision: number): Promise<void> | undefined {
    return this.#feed.reached(revision);
  }

  /** Takes the object over: it is the cache's, and must not be changed by the caller any more. */
  create(key: string, object: KubeObject, size?: Size): Promise<WriteOutcome> {
    return this.#write(key, object, 0, size);
  }

  replace(key: string, object: KubeObject, expected: CachedObject, size?: Size): Promise<WriteOutcome> {
    const writing = this.#write(key, object, expected.revision, size);
    return this.onReplaced ? writing.then((outcome) => this.#told(outcome, expected)) : writing;
  }

  #told(outcome: WriteOutcome, before: CachedObject): WriteOutcome {
    if (outcome.done) this.onReplaced?.(outcome.object.object, before.object);
    return outcome;
  }

  async remove(key: string, expected: CachedObject): Promise<WriteOutcome> {
    const write = { key: this.cache.prefix + key, expect: expected.revision, value: null };
    const result = await this.#measured("delete", () => this.#feed.storage.commit(write));
    if (!result.ok) return this.#lost(result);
    await this.#seen(result.revision);
    return {
      done: true,
      object: stamped(expected.key, result.revision, expected.object),
    };
  }

  /** Deletes what stands in storage and cannot be read. Says no, and does nothing, when it can be read or is not there. */
  async removeUnreadable(key: string, admit: () => Promise<void>): Promise<boolean> {
    for (;;) {
      const entry = await this.#feed.storage.get(this.cache.prefix + key);
      if (!entry || this.#isReadable(entry)) return false;
      await admit();
      const held = this.cache.get(key);
      if (held) this.cache.look(held, "object");
      const write = { key: entry.key, expect: entry.revision, value: null };
      const result = await this.#measured("delete", () => this.#feed.storage.commit(write));
      if (!result.ok) continue;
      await this.#seen(result.revision);
      return true;
    }
  }

  /** As storage holds it: what memory holds may be from when there was a key for it, or was never looked into. */
  #isReadable(entry: Entry): boolean {
    try {
      return Boolean(this.#form.fromEntry(this.cache, entry).object);
    } catch {
      return false;
    }
  }

  /** Whether it is to be written even if nothing changes. */
  isStale(cached: CachedObject): boolean {
    return this.#form.isStale(this.definition, cached);
  }

  /** Throws a RevisionError when the history of an object that has not changed since a revision is gone at that revision. */
  async checkHistory({ key }: CachedObject, revision: number): Promise<void> {
    await this.#feed.storage.get(this.cache.prefix + key, revision);
  }

  /** The state of one object at an older revision; throws RevisionError when history is gone. */
  async listAt(revision: number, namespace: string, page: { limit?: number; after?: string }) {
    const prefix = namespace ? `${this.cache.prefix}${namespace}/` : this.cache.prefix;
    const options = {
      at: revision,
      ...(page.limit !== undefined && { limit: page.limit }),
      ...(page.after !== undefined && { after: this.cache.prefix + page.after }),
    };
    const found = await this.#measured("list", () => this.#feed.storage.list(prefix, options));
    const errors: UnreadableError[] = [];
    const objects = found.entries.flatMap((entry) => this.#past(entry, errors) ?? []);
    if (errors.length) throw new UnreadableListError(this.definition, errors);
    return { objects, remaining: found.remaining };
  }

  /** The changes of this resource after a revision that memory no longer holds, up to now, from the log. */
  changesAfter(revision: number): Promise<readonly CachedChange[] | "compacted"> {
    const until = this.#feed.revision;
    return new Promise((resolve, reject) => {
      const found: CachedChange[] = [];
      const handle = this.#feed.storage.watch(this.cache.prefix, revision, {
        changes: (changes, upTo) => {
          const errors: UnreadableError[] = [];
          for (const change of changes) found.push(this.#cachedChange(change, errors));
          // Of what cannot be read no watcher can be told: those who come from before it begin anew.
          if (errors.length) resolve("compacted");
          else if (upTo < until) return;
          else resolve(found);
          setImmediate(() => handle.stop());
        },
        closed: ({ why, cause }) => {
          if (why === "compacted") resolve("compacted");
          else reject(cause ?? new Error(`the log could not be read: the watch of storage ended (${why})`));
        },
      });
    });
  }

  #cachedChange(change: Change, errors: UnreadableError[]): CachedChange {
    const read = (entry: Entry | undefined) => entry && this.#past(entry, errors);
    const current = change.type === "put" ? read(change.entry) : undefined;
    const revision = change.type === "put" ? change.entry.revision : change.revision;
    return new CachedChange(revision, current, read(change.previous));
  }

  /** An object of the past, with its bytes. */
  #past(entry: Entry, errors: UnreadableError[]): CachedObject | undefined {
    try {
      const object = this.#form.fromEntry(this.cache, entry);
      void object.bytes;
      return object;
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      errors.push(error);
      return undefined;
    }
  }

  async #write(key: string, object: KubeObject, expect: number, size?: Size): Promise<WriteOutcome> {
    const storageKey = this.cache.prefix + key;
    const written = size?.isLarge ? await writtenInTurns(object) : undefined;
    const { value } = this.#form.toStore(this.definition, storageKey, object, written);
    const { ttlSeconds } = this.definition;
    const write = { key: storageKey, expect, value, ...(ttlSeconds && { ttlSeconds }) };
    const result = await this.#measured(expect ? "update" : "create", () => this.#feed.storage.commit(write));
    // Whoever wants to make what is there need not know what it is; it may be unreadable.
    if (!result.ok) return expect === 0 ? { done: false, current: undefined } : this.#lost(result);
    await this.#seen(result.revision);
    const cached = this.cache.get(key);
    if (cached?.revision === result.revision) return { done: true, object: cached };
    return { done: true, object: stamped(key, result.revision, object) };
  }

  #seen(revision: number): Promise<void> | undefined {
    return this.#feed.storage.exclusive ? undefined : this.#feed.reached(revision);
  }

  #lost({ current }: CommitResult & { ok: false }): WriteOutcome {
    return { done: false, current: current && this.#form.fromEntry(this.cache, current) };
  }
}
