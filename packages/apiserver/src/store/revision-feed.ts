/**
 * Takes the one stream of changes from storage to the caches of all resources, batch by batch. After a batch the caches stand at its
 * revision, all of them; whoever waits for a revision goes on then.
 */
import type { ResourceDefinition } from "@kubets/api/resource";
import type { Logger } from "@kubets/machinery";
import type { Change, Storage, WatchHandle } from "@kubets/storage";
import type { StorageMetrics } from "../metrics/storage-metrics.ts";
import { ResourceCache } from "./resource-cache.ts";
import type { StoredForm } from "./stored-form.ts";

const ROOT = "/registry/";

export class RevisionFeed {
  readonly storage: Storage;
  readonly metrics: StorageMetrics | undefined;
  readonly #form: StoredForm;
  readonly #log: Logger;
  /** By storage prefix with its slash. */
  readonly #caches = new Map<string, ResourceCache>();
  /** Changes for caches that are being filled, by prefix. */
  readonly #joining = new Map<string, Change[]>();
  #revision = 0;
  #watch: WatchHandle | undefined;
  #waiters: { revision: number; resolve: () => void }[] = [];

  constructor(storage: Storage, form: StoredForm, log: Logger, metrics?: StorageMetrics) {
    this.storage = storage;
    this.metrics = metrics;
    this.#form = form;
    this.#log = log;
  }

  /** Every change up to this revision is in the caches. */
  get revision(): number {
    return this.#revision;
  }

  caches(): Iterable<ResourceCache> {
    return this.#caches.values();
  }

  /** Makes the cache of a definition that is known before `start`. */
  addCache(definition: ResourceDefinition): ResourceCache {
    const cache = new ResourceCache(definition, this.#form);
    this.#caches.set(cache.prefix, cache);
    return cache;
  }

  /** Makes the cache of a definition that comes later (a custom resource), filled as of now. */
  async addCacheNow(definition: ResourceDefinition): Promise<ResourceCache> {
    const cache = new ResourceCache(definition, this.#form);
    const meanwhile: Change[] = [];
    this.#joining.set(cache.prefix, meanwhile);
    const page = await this.storage.list(cache.prefix).finally(() => this.#joining.delete(cache.prefix));
    cache.load(page.entries, page.revision);
    for (const change of meanwhile) cache.apply(change);
    this.#caches.set(cache.prefix, cache);
    return cache;
  }

  removeCache(cache: ResourceCache): void {
    if (this.#caches.get(cache.prefix) === cache) this.#caches.delete(cache.prefix);
  }

  async start(): Promise<void> {
    const page = await this.storage.list(ROOT);
    const groups = new Map<ResourceCache, (typeof page.entries)[number][]>();
    for (const entry of page.entries) {
      const cache = lookUp(this.#caches, entry.key);
      if (!cache) continue;
      const group = groups.get(cache);
      if (group) group.push(entry);
      else groups.set(cache, [entry]);
    }
    for (const cache of this.#caches.values()) {
      cache.load(groups.get(cache) ?? [], page.revision);
      this.tellUnreadable(cache);
    }
    this.#revision = page.revision;
    this.#follow(page.revision);
  }

  /** Tells people of what a cache could not be filled with. */
  tellUnreadable({ definition: { group, resource }, unreadable }: ResourceCache): void {
    const [first] = unreadable.values();
    if (first) this.#log.warn(UNREADABLE, { group, resource, count: unreadable.size, error: first });
  }

  stop(): void {
    this.#watch?.stop();
  }

  /** Resolves when the caches stand at the revision or later. */
  reached(revision: number): Promise<void> | undefined {
    if (revision <= this.#revision) return undefined;
    return new Promise((resolve) => this.#waiters.push({ revision, resolve }));
  }

  #follow(after: number): void {
    this.#watch = this.storage.watch(ROOT, after, {
      changes: (changes, upTo) => {
        try {
          this.#take(changes, upTo);
        } catch (cause) {
          // A cache that missed a change would answer wrongly for ever: end the process, and start again from storage.
          setImmediate(() => {
            throw new Error(`the change up to revision ${upTo} could not be taken in`, { cause });
          });
        }
      },
      closed: ({ why, cause }) => {
        if (why === "stopped") return;
        this.#log.warn("the watch of storage ended; taking it up again", {
          why,
          error: cause,
          revision: this.#revision,
        });
        if (why === "compacted")
          throw new Error("storage compacted history that this server had not read; restart it", { cause });
        this.#follow(this.#revision);
      },
    });
  }

  #take(changes: readonly Change[], upTo: number): void {
    const touched = new Set<ResourceCache>();
    for (const change of changes) {
      const key = change.type === "put" ? change.entry.key : change.key;
      const cache = lookUp(this.#caches, key);
      if (cache) {
        cache.apply(change);
        touched.add(cache);
        if (change.type === "put" && cache.unreadable.get(cache.keyOf(key))?.revision === change.entry.revision)
          this.tellUnreadable(cache);
      }
      // Also where a cache is filled anew that takes the place of one.
      if (this.#joining.size) lookUp(this.#joining, key)?.push(change);
    }
    this.#revision = Math.max(this.#revision, upTo);
    for (const cache of touched) cache.hub.flush();
    this.#wake();
  }

  #wake(): void {
    if (this.#waiters.length === 0) return;
    const due = this.#waiters.filter((w) => w.revision <= this.#revision);
    this.#waiters = this.#waiters.filter((w) => w.revision > this.#revision);
    for (const { resolve } of due) resolve();
  }
}

const UNREADABLE = "objects in storage cannot be read";

/** What belongs to a key: prefixes have two segments behind the root ("/registry/services/specs/"), or one. */
function lookUp<V>(byPrefix: ReadonlyMap<string, V>, key: string): V | undefined {
  const first = key.indexOf("/", ROOT.length);
  if (first < 0) return undefined;
  const second = key.indexOf("/", first + 1);
  return (second > 0 ? byPrefix.get(key.slice(0, second + 1)) : undefined) ?? byPrefix.get(key.slice(0, first + 1));
}
