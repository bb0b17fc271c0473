/**
 * The last changes of a resource, so that a watch can go on from a revision without asking storage. Bounded in count and bytes; what is older is
 * read from the log.
 */
import type { CachedChange } from "./cached-change.ts";

const MAX_CHANGES = 4096;
const MAX_BYTES = 4 * 1024 * 1024;

export class ChangeHistory {
  /** How many changes it holds at most. */
  readonly capacity = MAX_CHANGES;
  #changes: CachedChange[] = [];
  #start = 0;
  #bytes = 0;
  /** Every change after this revision is held. Set by the feed when it begins. */
  since = 0;

  add(change: CachedChange): void {
    this.#changes.push(change);
    this.#bytes += sizeOf(change);
    while (
      this.#changes.length - this.#start > MAX_CHANGES ||
      (this.#bytes > MAX_BYTES && this.#changes.length - this.#start > 1)
    )
      this.#dropOldest();
  }

  /** The changes after a revision, or undefined when some of them are no longer held. */
  after(revision: number): readonly CachedChange[] | undefined {
    if (revision < this.since) return undefined;
    let low = this.#start;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#changes[middle] as CachedChange).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#changes.slice(low);
  }

  /** Begins anew behind a revision. */
  forget(revision: number): void {
    this.#changes = [];
    this.#start = 0;
    this.#bytes = 0;
    this.since = revision;
  }

  #dropOldest(): void {
    const oldest = this.#changes[this.#start] as CachedChange;
    this.since = oldest.revision;
    this.#bytes -= sizeOf(oldest);
    this.#start++;
    if (this.#start > 1024 && this.#start * 2 > this.#changes.length) {
      this.#changes = this.#changes.slice(this.#start);
      this.#start = 0;
    }
  }
}

const sizeOf = (change: CachedChange) => (change.current?.bytes.length ?? 0) + (change.previous?.bytes.length ?? 0);
