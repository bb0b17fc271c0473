/**
 * Storage whose entries can be opened at once by whoever reads them: where a value needs a key that must be asked for, the answer (and every change
 * behind it) waits until it is known, or cannot be had: then whoever opens the value finds out. All else goes through as it is.
 */
import type {
  Change,
  CommitResult,
  Entry,
  ListOptions,
  Page,
  Storage,
  WatchHandle,
  WatchSink,
  Write,
} from "@kubets/storage";

type Prepare = (value: Uint8Array) => Promise<void> | undefined;

export class PreparedStorage implements Storage {
  readonly #storage: Storage;
  readonly #prepare: Prepare;

  constructor(storage: Storage, prepare: Prepare) {
    this.#storage = storage;
    this.#prepare = prepare;
  }

  get exclusive(): boolean {
    return this.#storage.exclusive;
  }

  currentRevision(): Promise<number> {
    return this.#storage.currentRevision();
  }

  async diskBytes(): Promise<number> {
    return (await this.#storage.diskBytes?.()) ?? 0;
  }

  async get(key: string, at?: number): Promise<Entry | undefined> {
    const entry = await this.#storage.get(key, at);
    await this.#ready([entry]);
    return entry;
  }

  async list(prefix: string, options?: ListOptions): Promise<Page> {
    const page = await this.#storage.list(prefix, options);
    await this.#ready(page.entries);
    return page;
  }

  count(prefix: string): Promise<number> {
    return this.#storage.count(prefix);
  }

  async commit(write: Write): Promise<CommitResult> {
    const result = await this.#storage.commit(write);
    if (!result.ok) await this.#ready([result.current]);
    return result;
  }

  watch(prefix: string, after: number, sink: WatchSink): WatchHandle {
    /** What is not handed on yet, in order. */
    let behind: Promise<void> | undefined;
    let stopped = false;
    const inOrder = (ready: Promise<void> | undefined, tell: () => void) => {
      if (!behind && !ready) return tell();
      const next = Promise.all([behind, ready]).then(() => {
        if (behind === next) behind = undefined;
        if (!stopped) tell();
      });
      behind = next;
    };
    const handle = this.#storage.watch(prefix, after, {
      changes: (changes, upTo) => inOrder(this.#ready(changes.flatMap(entriesOf)), () => sink.changes(changes, upTo)),
      closed: (reason) => inOrder(undefined, () => sink.closed(reason)),
    });
    return {
      stop() {
        stopped = true;
        handle.stop();
      },
    };
  }

  compact(revision: number): Promise<void> {
    return this.#storage.compact(revision);
  }

  close(): Promise<void> {
    return this.#storage.close();
  }

  #ready(entries: readonly (Entry | undefined)[]): Promise<void> | undefined {
    let waits: Promise<void>[] | undefined;
    for (const entry of entries) {
      const ready = entry && this.#begin(entry.value);
      if (ready) (waits ??= []).push(ready);
    }
    return waits && Promise.allSettled(waits).then(() => {});
  }

  #begin(value: Uint8Array): Promise<void> | undefined {
    try {
      return this.#prepare(value);
    } catch {
      return undefined;
    }
  }
}

const entriesOf = (change: Change): (Entry | undefined)[] =>
  change.type === "put" ? [change.entry, change.previous] : [change.previous];
