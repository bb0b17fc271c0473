/**
 * The revision log under a cluster, as a narrow interface with etcd's contract. It knows keys and bytes, not kinds.
 *
 * What every driver holds (and storage.suite.ts checks):
 * - One revision counts all writes of all keys; each committed write has a revision of its own, larger than any before.
 *   Revisions survive restarts and never go back. A fresh store stands at revision 1.
 * - A commit is answered only when it is durable. Readers and watchers never see what is not.
 * - When a commit resolves, reads of this instance show it, and its watchers (exclusive drivers) have been handed it.
 * - Keys are compared byte by byte; lists and prefixes go by that order. Keys are ASCII.
 * - Byte arrays handed in or out belong to both sides from then on and are never changed by either.
 */
export interface Storage {
  /**
   * True where this process is the only writer: then what its watches delivered is the newest there is, and a consistent
   * read need not ask. False for drivers that several servers share.
   */
  readonly exclusive: boolean;

  /**
   * The newest durable revision; asks a quorum where the log is shared. Watches of this instance are told soon that they
   * have got as far as that (`upTo`), unless the driver says that it cannot.
   */
  currentRevision(): Promise<number>;

  /** How many bytes its files take; absent where it has none. */
  diskBytes?(): Promise<number>;

  /** The entry of a key, now or as it was at a revision. */
  get(key: string, at?: number): Promise<Entry | undefined>;

  /** The entries under a prefix, in key order, now or as they were at a revision. */
  list(prefix: string, options?: ListOptions): Promise<Page>;

  /** How many entries stand under a prefix now. */
  count(prefix: string): Promise<number>;

  /**
   * Writes or deletes one key if it stands at the expected revision. A write that lost answers with what stands there
   * (durable by then), so that the caller can try again without reading. Deleting a key that is not there, with no
   * expectation, changes nothing and is answered as a mismatch without an entry.
   */
  commit(write: Write): Promise<CommitResult>;

  /**
   * Delivers every change under the prefix after revision `after`, once and in order, until stopped.
   * History that is gone closes the watch with "compacted" (never by a throw).
   */
  watch(prefix: string, after: number, sink: WatchSink): WatchHandle;

  /** Lets go of history before this revision. Reads and watches below it fail from then on. */
  compact(revision: number): Promise<void>;

  /** Ends all watches, finishes pending commits, lets go of files and connections. */
  close(): Promise<void>;
}

/** Who keeps an entry keeps the Entry: a driver may move its bytes, and then puts equal ones into `value`. */
export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
  /** The revision of its last write. */
  readonly revision: number;
  /** The revision at which it came into being. */
  readonly created: number;
}

export interface ListOptions {
  /** As of this revision; now when absent. */
  at?: number;
  /** At most so many entries. */
  limit?: number;
  /** Only keys that come after this one (to go on behind the last of a page). */
  after?: string;
}

export interface Page {
  readonly entries: readonly Entry[];
  /** The revision at which the page was read. */
  readonly revision: number;
  /** How many entries follow behind the page. */
  readonly remaining: number;
}

export interface Write {
  readonly key: string;
  /** The revision that the key must stand at: 0 for "must not exist"; absent for "whatever is there". */
  readonly expect?: number;
  /**
   * The new bytes, or null to delete. A driver that knows the revision which the write will get passes it, so that bytes can carry it;
   * one that does not passes undefined. Called once, synchronously, before `commit` returns, and only if the write goes on.
   * (The etcd driver calls it always.)
   */
  readonly value: ((revision: number | undefined) => Uint8Array) | null;
  /** After so many seconds without another write the key is deleted, as if by a write. */
  readonly ttlSeconds?: number;
}

export type CommitResult =
  | { readonly ok: true; readonly revision: number; readonly previous: Entry | undefined }
  | { readonly ok: false; readonly current: Entry | undefined };

export type Change =
  | { readonly type: "put"; readonly entry: Entry; readonly previous: Entry | undefined }
  | { readonly type: "delete"; readonly key: string; readonly revision: number; readonly previous: Entry | undefined };

export interface WatchSink {
  /**
   * Changes that became durable together, in order; then everything up to revision `upTo` has been delivered. Called with no
   * changes when only `upTo` moved (another prefix changed, or a progress notice). Must return quickly and not throw.
   */
  changes(changes: readonly Change[], upTo: number): void;
  /** The watch is over; no call follows. Not called after `stop`. */
  closed(reason: WatchEnd): void;
}

export interface WatchEnd {
  /** "compacted": history was gone; list again. "lost": the connection was; watch again. "stopped": the storage was closed. */
  readonly why: "compacted" | "lost" | "stopped";
  readonly cause?: Error;
}

export interface WatchHandle {
  stop(): void;
}

/** A read below the oldest revision that is kept, or above the newest. */
export class RevisionError extends Error {
  readonly why: "compacted" | "future";
  readonly wanted: number;
  /** The oldest readable revision, or the newest, whichever was crossed; undefined where the driver cannot tell. */
  readonly bound: number | undefined;

  constructor(why: "compacted" | "future", wanted: number, bound: number | undefined) {
    super(
      why === "compacted"
        ? `revision ${wanted} has been compacted${bound === undefined ? "" : `: the oldest that can be read is ${bound}`}`
        : `revision ${wanted} is in the future: the newest is ${bound}`,
    );
    this.name = "RevisionError";
    this.why = why;
    this.wanted = wanted;
    this.bound = bound;
  }
}

/** Something was asked of a storage after `close`. */
export class StorageClosedError extends Error {
  constructor() {
    super("the storage is closed: nothing can be read from it or written to it any more");
    this.name = "StorageClosedError";
  }
}
