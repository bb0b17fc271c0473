/**
 * Storage in a folder of this machine: an append-only log that a worker thread writes, and the present state in memory here.
 * Holds: revisions and compare-and-set are decided here, against what is pending; reads and watches show only what is durable;
 * when the log cannot be written, the process ends before any answer. The entries are the one copy: others share them, and
 * hold the entry rather than its `value` (see loaded-chunks.ts).
 */
import { dirname, resolve } from "node:path";
import { type Clock, realClock } from "@kubets/machinery/clock";
import { createLogger, type Logger } from "@kubets/machinery/logger";
import { Expiry } from "../expiry.ts";
import { pageNow, pageThen } from "../past.ts";
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
import { type Watcher, Watchers } from "../watchers.ts";
import { folderBytes, syncFolder } from "./data-folder.ts";
import { Floors } from "./floors.ts";
import { type Batch, GroupCommit } from "./group-commit.ts";
import { type HistoryOptions, HistoryPolicy } from "./history-policy.ts";
import { HistoryReader } from "./history-reader.ts";
import { type Content, loadContent } from "./load.ts";
import { Upkeep } from "./upkeep.ts";
import type { WorkerLink } from "./worker-link.ts";

export interface EmbeddedStorageOptions {
  /** The data folder; made when it is missing. */
  folder: string;
  clock?: Clock;
  logger?: Logger;
  history?: HistoryOptions;
  /**
   * Called when the log can no longer be written. Nothing is answered before it returns; by default the error is logged and the process
   * ends with STORAGE_FAILED_EXIT_CODE.
   */
  onFatal?: (error: Error) => void;
}

/** The exit code of a process whose log could not be written (EX_IOERR). */
export const STORAGE_FAILED_EXIT_CODE = 74;

export async function openEmbeddedStorage(options: EmbeddedStorageOptions): Promise<EmbeddedStorage> {
  const logger = options.logger ?? createLogger();
  const onFatal =
    options.onFatal ??
    ((error) => {
      logger.error(
        "the log of the data folder cannot be written: ending the process, so that nothing false is answered",
        {
          component: "storage",
          folder: options.folder,
          error,
        },
      );
      process.exit(STORAGE_FAILED_EXIT_CODE);
    });
  const policy = new HistoryPolicy(options.history);
  let broken = onFatal;
  const content = await loadContent(resolve(options.folder), policy, (error) => broken(error));
  const storage = new EmbeddedStorage(resolve(options.folder), content, policy, options.clock ?? realClock, onFatal);
  broken = (error) => storage.fail(error);
  return storage;
}

export class EmbeddedStorage implements Storage {
  readonly exclusive = true;
  readonly #folder: string;
  readonly #link: WorkerLink;
  readonly #index: SortedIndex;
  readonly #chunks: Content["chunks"];
  readonly #floors = new Floors();
  readonly #watchers = new Watchers();
  readonly #policy: HistoryPolicy;
  readonly #clock: Clock;
  readonly #group: GroupCommit;
  readonly #history: HistoryReader;
  readonly #upkeep: Upkeep;
  readonly #expiry: Expiry;
  /** The newest durable revision, and the newest that was given away. */
  #revision: number;
  #head: number;
  #closing: Promise<void> | undefined;

  /** Use `openEmbeddedStorage`. */
  constructor(folder: string, content: Content, policy: HistoryPolicy, clock: Clock, onFatal: (error: Error) => void) {
    this.#folder = folder;
    this.#link = content.link;
    this.#index = content.index;
    this.#chunks = content.chunks;
    this.#revision = content.head;
    this.#head = content.head;
    this.#policy = policy;
    this.#clock = clock;
    this.#group = new GroupCommit(this.#link, (batch) => this.#durable(batch), onFatal);
    this.#history = new HistoryReader(this.#link, (key) => this.#index.get(key));
    for (const floor of content.floors) this.#floors.raise(floor.prefix, floor.revision);
    this.#upkeep = new Upkeep(this.#link, clock, policy, this.#floors, (error) => this.fail(error));
    this.#upkeep.resume(content.floors);
    this.#upkeep.arm();
    this.#expiry = new Expiry(clock, (key, revision) => this.#expire(key, revision));
    for (const { key, revision, expires, ttl } of content.mortal) {
      const left = Math.min(Math.max(0, expires - clock.now()), ttl * 1000);
      this.#expiry.add(key, revision, left);
    }
  }

  async currentRevision(): Promise<number> {
    this.#open();
    return this.#revision;
  }

  diskBytes(): Promise<number> {
    return folderBytes(this.#folder);
  }

  async get(key: string, at?: number): Promise<Entry | undefined> {
    this.#open();
    const now = this.#index.get(key);
    if (at === undefined) return now;
    this.#readable(key, at);
    if (now && now.revision <= at) return now;
    return this.#history.undone(
      key,
      at,
      () => this.#readable(key, at),
      (undone) => undone.get(key),
    );
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Page> {
    this.#open();
    const { at } = options;
    if (at === undefined || at === this.#revision) return pageNow(this.#index, this.#revision, prefix, options);
    this.#readable(prefix, at);
    return this.#history.undone(
      prefix,
      at,
      () => this.#readable(prefix, at),
      (undone) => pageThen(this.#index, undone, at, prefix, options),
    );
  }

  async count(prefix: string): Promise<number> {
    this.#open();
    return this.#index.count(prefixRange(prefix));
  }

  commit(write: Write): Promise<CommitResult> {
    try {
      this.#open();
      return this.#commit(write);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  watch(prefix: string, after: number, sink: WatchSink): WatchHandle {
    const watcher = this.#watchers.add(prefix, after, sink);
    if (after >= this.#revision && !this.#closing) watcher.live = true;
    else queueMicrotask(() => this.#catchUp(watcher));
    return { stop: () => this.#watchers.stop(watcher) };
  }

  /** Resolves when the rows are gone and the space is given back; reads below fail at once. */
  async compact(revision: number): Promise<void> {
    this.#open();
    if (revision > this.#revision) throw new RevisionError("future", revision, this.#revision);
    await this.#upkeep.compact(revision);
  }

  /** Writes a copy of all that is durable, with its history, to a new file, while work goes on. Answers with its revision. */
  async snapshot(file: string): Promise<number> {
    this.#open();
    const { revision } = await this.#link.ask({ ask: "snapshot", file: resolve(file) });
    syncFolder(dirname(resolve(file)));
    return revision;
  }

  /** Reads all of the log and answers with what is wrong with it, a line each. Commits wait meanwhile. */
  check(): Promise<readonly string[]> {
    this.#open();
    return this.#link.ask({ ask: "check" });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** The log is lost to this process. */
  fail(error: Error): void {
    this.#group.fail(error);
  }

  async #close(): Promise<void> {
    this.#expiry.close();
    await this.#group.drained();
    this.#watchers.closeAll({ why: "stopped" });
    await this.#upkeep.close();
    if (this.#group.failure) await this.#link.end();
    else await this.#link.ask({ ask: "close" });
  }

  #commit({ key, expect, value, ttlSeconds }: Write): Promise<CommitResult> {
    const pending = this.#group.head(key);
    const previous = pending ? pending.entry : this.#index.get(key);
    if ((expect !== undefined && expect !== (previous?.revision ?? 0)) || (value === null && !previous)) {
      const mismatch: CommitResult = { ok: false, current: previous };
      return pending ? pending.batch.answer(mismatch) : Promise.resolve(mismatch);
    }
    const revision = this.#head + 1;
    const change: Change =
      value === null
        ? { type: "delete", key, revision, previous }
        : {
            type: "put",
            entry: { key, value: value(revision), revision, created: previous?.created ?? revision },
            previous,
          };
    this.#head = revision;
    return this.#group.add({ change, at: this.#clock.now(), ttl: ttlSeconds ?? 0 }, { ok: true, revision, previous });
  }

  #durable({ writes }: Batch): void {
    const changes: Change[] = [];
    let writtenAt = 0;
    for (const { change, at, ttl } of writes) {
      changes.push(change);
      this.#apply(change, ttl);
      this.#revision = change.type === "put" ? change.entry.revision : change.revision;
      writtenAt = at;
    }
    this.#policy.written(this.#revision, writtenAt);
    this.#upkeep.arm();
    this.#watchers.publish(changes, this.#revision);
  }

  #apply(change: Change, ttl: number): void {
    const { previous } = change;
    if (change.type === "put") {
      this.#index.set(change.entry);
      if (ttl > 0) this.#expiry.add(change.entry.key, change.entry.revision, ttl * 1000);
    } else this.#index.delete(change.key);
    if (!previous) return;
    this.#chunks.drop(previous, (entry) => this.#index.get(entry.key) === entry);
    const revision = change.type === "put" ? change.entry.revision : change.revision;
    this.#policy.replaced(previous.key, revision, previous.value.length);
  }

  #expire(key: string, revision: number): void {
    // A mismatch means that it was written again; a rejection, that the storage ends.
    if (!this.#closing) this.commit({ key, expect: revision, value: null }).catch(() => {});
  }

  #catchUp(watcher: Watcher): void {
    const { prefix } = watcher;
    if (this.#closing) return this.#watchers.close(watcher, { why: "stopped" });
    if (!this.#whole(watcher)) return;
    this.#history.changes(
      prefix,
      watcher.seen,
      ({ changes, upTo, head }) => {
        if (head) this.#watchers.join(watcher, changes, upTo);
        else this.#watchers.deliver(watcher, changes, upTo);
        return !watcher.ended && this.#whole(watcher);
      },
      (error) => this.#watchers.close(watcher, { why: "lost", cause: error }),
    );
  }

  /** Whether what a watcher has not seen is all there; ends it where not. */
  #whole(watcher: Watcher): boolean {
    if (watcher.seen >= this.#floors.oldest(watcher.prefix)) return true;
    this.#watchers.close(watcher, { why: "compacted" });
    return false;
  }

  #readable(prefix: string, at: number): void {
    if (at > this.#revision) throw new RevisionError("future", at, this.#revision);
    const oldest = this.#floors.oldest(prefix);
    if (at < oldest) throw new RevisionError("compacted", at, oldest);
  }

  #open(): void {
    if (this.#closing) throw new StorageClosedError();
    if (this.#group.failure) throw this.#group.failure;
  }
}
