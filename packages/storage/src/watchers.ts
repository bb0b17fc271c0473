/**
 * The live watches of a driver that is the only writer. A watch catches up first (the driver's matter) and is then `live`.
 * Holds: every watcher gets all batches in order, one call for each batch, also when a sink itself commits.
 */
import { changedAt, changedKey } from "./past.ts";
import type { Change, WatchEnd, WatchSink } from "./storage.ts";

export interface Watcher {
  readonly prefix: string;
  readonly sink: WatchSink;
  /** All up to here has been delivered (or was not asked for). */
  seen: number;
  /** Whether new batches go to it. */
  live: boolean;
  ended: boolean;
}

export class Watchers {
  readonly #all = new Set<Watcher>();
  readonly #waiting: (() => void)[] = [];
  #busy = false;

  add(prefix: string, after: number, sink: WatchSink): Watcher {
    const watcher: Watcher = { prefix, sink, seen: after, live: false, ended: false };
    this.#all.add(watcher);
    return watcher;
  }

  stop(watcher: Watcher): void {
    watcher.ended = true;
    this.#all.delete(watcher);
  }

  close(watcher: Watcher, reason: WatchEnd): void {
    if (watcher.ended) return;
    this.stop(watcher);
    guarded(() => watcher.sink.closed(reason));
  }

  closeAll(reason: WatchEnd): void {
    for (const watcher of this.#all) this.close(watcher, reason);
  }

  /** Ends the catching up of a watcher: hands it what is missing and lets new batches come. */
  join(watcher: Watcher, changes: readonly Change[], upTo: number): void {
    if (watcher.ended) return;
    watcher.live = true;
    this.#inTurn(() => this.deliver(watcher, changes, upTo));
  }

  /** Hands a durable batch to all that are live. */
  publish(changes: readonly Change[], upTo: number): void {
    this.#inTurn(() => {
      const shared = new Map<string, readonly Change[]>();
      for (const watcher of this.#all) {
        if (!watcher.live) continue;
        let own = shared.get(watcher.prefix);
        if (!own) shared.set(watcher.prefix, (own = under(watcher.prefix, changes)));
        this.deliver(watcher, own, upTo);
      }
    });
  }

  /** Hands changes under its prefix to one watcher, leaving out what it has seen. */
  deliver(watcher: Watcher, changes: readonly Change[], upTo: number): void {
    if (watcher.ended || upTo <= watcher.seen) return;
    const { seen } = watcher;
    watcher.seen = upTo;
    const first = changes[0];
    const fresh = first && changedAt(first) <= seen ? changes.filter((change) => changedAt(change) > seen) : changes;
    guarded(() => watcher.sink.changes(fresh, upTo));
  }

  /** A sink that commits makes new work while older is handed out: that waits. */
  #inTurn(work: () => void): void {
    this.#waiting.push(work);
    if (this.#busy) return;
    this.#busy = true;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) next();
    this.#busy = false;
  }
}

export function under(prefix: string, changes: readonly Change[]): readonly Change[] {
  if (changes.length === 1) return changedKey(changes[0] as Change).startsWith(prefix) ? changes : NONE;
  return changes.filter((change) => changedKey(change).startsWith(prefix));
}

const NONE: readonly Change[] = [];

/** A sink that throws breaks its contract: the error surfaces as uncaught, and no other watcher misses its call. */
export function guarded(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
