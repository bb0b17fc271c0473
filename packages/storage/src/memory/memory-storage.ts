/**
 * Storage in this process's memory: for tests, by the hundred. Making one costs microseconds, commits happen at once.
 * Holds: the contract of `Storage`, with "durable" meaning "done".
 */
import { type Clock, realClock } from "@kubets/machinery/clock";
import { Expiry } from "../expiry.ts";
import { pageNow, pageThen, undo } from "../past.ts";
import { prefixRange, SortedIndex } from "../sorted-index.ts";
import {
  type Change,
  type CommitResult,
  type Entry,
  type ListOptions,
  type Page,
  RevisionError,
  type Storage,
  StorageClosedError,
  type WatchHandle,
  type WatchSink,
  type Write,
} from "../storage.ts";
import { under, type Watcher, Watchers } from "../watchers.ts";
import { RecentChanges } from "./recent-changes.ts";

export interface MemoryStorageOptions {
  clock?: Clock;
  /** History is kept within so many bytes. */
  historyBytes?: number;
}

/** The revision of a store to which nothing was written. */
const FIRST_REVISION = 1;

export class MemoryStorage implements Storage {
  readonly exclusive = true;
  readonly #index = new SortedIndex();
  readonly #watchers = new Watchers();
  readonly #history: RecentChanges;
  readonly #clock: Clock;
  #expiry: Expiry | undefined;
  #revision = FIRST_REVISION;
  #closed = false;

  constructor(options: MemoryStorageOptions = {}) {
    this.#clock = options.clock ?? realClock;
    this.#history = new RecentChanges(options.historyBytes ?? 16 * 2 ** 20, FIRST_REVISION);
  }

  async currentRevision(): Promise<number> {
    this.#open();
    return this.#revision;
  }

  async get(key: string, at?: number): Promise<Entry | undefined> {
    this.#open();
    const now = this.#index.get(key);
    if (at === undefined) return now;
    this.#readable(at);
    if (now && now.revision <= at) return now;
    return this.#undoneSince(at, key).get(key);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Page> {
    this.#open();
    const { at } = options;
    if (at === undefined) return pageNow(this.#index, this.#revision, prefix, options);
    this.#readable(at);
    return pageThen(this.#index, this.#undoneSince(at, prefix), at, prefix, options);
  }

  async count(prefix: string): Promise<number> {
    this.#open();
    return this.#index.count(prefixRange(prefix));
  }

  async commit(write: Write): Promise<CommitResult> {
    this.#open();
    const { key, expect } = write;
    const previous = this.#index.get(key);
    if (expect !== undefined && expect !== (previous?.revision ?? 0)) return { ok: false, current: previous };
    if (write.value === null) {
      if (!previous) return { ok: false, current: undefined };
      this.#delete(previous);
    } else {
      this.#put(key, write.value(this.#revision + 1), previous, write.ttlSeconds);
    }
    return { ok: true, revision: this.#revision, previous };
  }

  watch(prefix: string, after: number, sink: WatchSink): WatchHandle {
    const watcher = this.#watchers.add(prefix, after, sink);
    queueMicrotask(() => this.#catchUp(watcher));
    return { stop: () => this.#watchers.stop(watcher) };
  }

  async compact(revision: number): Promise<void> {
    this.#open();
    if (revision > this.#revision) throw new RevisionError("future", revision, this.#revision);
    this.#history.compact(revision);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#expiry?.close();
    this.#watchers.closeAll({ why: "stopped" });
  }

  #put(key: string, value: Uint8Array, previous: Entry | undefined, ttlSeconds: number | undefined): void {
    const revision = ++this.#revision;
    const entry: Entry = { key, value, revision, created: previous?.created ?? revision };
    this.#index.set(entry);
    if (ttlSeconds !== undefined) this.#expireLater(key, revision, ttlSeconds);
    this.#publish({ type: "put", entry, previous });
  }

  #delete(previous: Entry): void {
    this.#index.delete(previous.key);
    this.#publish({ type: "delete", key: previous.key, revision: ++this.#revision, previous });
  }

  #publish(change: Change): void {
    this.#history.push(change);
    this.#watchers.publish([change], this.#revision);
  }

  #expireLater(key: string, revision: number, ttlSeconds: number): void {
    this.#expiry ??= new Expiry(this.#clock, (dueKey, dueRevision) => {
      const entry = this.#index.get(dueKey);
      if (entry?.revision === dueRevision) this.#delete(entry);
    });
    this.#expiry.add(key, revision, ttlSeconds * 1000);
  }

  #catchUp(watcher: Watcher): void {
    if (this.#closed) return this.#watchers.close(watcher, { why: "stopped" });
    if (watcher.seen < this.#history.floor) return this.#watchers.close(watcher, { why: "compacted" });
    this.#watchers.join(watcher, under(watcher.prefix, this.#history.after(watcher.seen)), this.#revision);
  }

  #undoneSince(at: number, prefix: string): Map<string, Entry | undefined> {
    return undo(under(prefix, this.#history.after(at)));
  }

  #readable(at: number): void {
    if (at > this.#revision) throw new RevisionError("future", at, this.#revision);
    if (at < this.#history.floor) throw new RevisionError("compacted", at, this.#history.floor);
  }

  #open(): void {
    if (this.#closed) throw new StorageClosedError();
  }
}
