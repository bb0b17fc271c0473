/**
 * Entries in key order: a row of short sorted leaves. A lookup is two binary searches, an insert in the middle moves one
 * leaf, a list under a prefix walks neighbours. Made for hundreds of thousands of keys, at about a pointer for each.
 * Holds: no leaf is empty (but for the one of an empty index), and `#firsts[i]` is the first key of leaf i.
 */
import type { Entry } from "./storage.ts";

const LEAF_MAX = 256;
const LEAF_FILL = 192;
const LEAF_MIN = 48;

/** Keys from `from` (inclusive) up to `to` (exclusive; no end when undefined). */
export interface KeyRange {
  readonly from: string;
  readonly to: string | undefined;
}

/** The range of the keys that begin with `prefix`, or of those of them behind the key `after`. */
export function prefixRange(prefix: string, after?: string): KeyRange {
  const from = after === undefined || after < prefix ? prefix : `${after}\0`;
  return { from, to: prefixEnd(prefix) };
}

function prefixEnd(prefix: string): string | undefined {
  if (prefix === "") return undefined;
  const last = prefix.length - 1;
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1);
}

export class SortedIndex {
  #leaves: Entry[][] = [[]];
  #firsts: string[] = [""];
  #size = 0;

  /** Takes over entries that come in any order, each key once. */
  static from(entries: Entry[]): SortedIndex {
    entries.sort((a, b) => (a.key < b.key ? -1 : 1));
    const index = new SortedIndex();
    if (entries.length === 0) return index;
    index.#leaves = [];
    index.#firsts = [];
    for (let at = 0; at < entries.length; at += LEAF_FILL) {
      const leaf = entries.slice(at, at + LEAF_FILL);
      index.#leaves.push(leaf);
      index.#firsts.push((leaf[0] as Entry).key);
    }
    index.#size = entries.length;
    return index;
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): Entry | undefined {
    const leaf = this.#leaves[this.#leafOf(key)] as Entry[];
    const entry = leaf[lowerBound(leaf, key)];
    return entry?.key === key ? entry : undefined;
  }

  /** Puts an entry in; answers with the one that stood there. */
  set(entry: Entry): Entry | undefined {
    const which = this.#leafOf(entry.key);
    const leaf = this.#leaves[which] as Entry[];
    const at = lowerBound(leaf, entry.key);
    const before = leaf[at];
    if (before?.key === entry.key) {
      leaf[at] = entry;
      return before;
    }
    if (at === leaf.length) leaf.push(entry);
    else leaf.splice(at, 0, entry);
    if (at === 0) this.#firsts[which] = entry.key;
    this.#size++;
    if (leaf.length > LEAF_MAX) this.#split(which);
    return undefined;
  }

  delete(key: string): Entry | undefined {
    const which = this.#leafOf(key);
    const leaf = this.#leaves[which] as Entry[];
    const at = lowerBound(leaf, key);
    const entry = leaf[at];
    if (entry?.key !== key) return undefined;
    leaf.splice(at, 1);
    this.#size--;
    if (at === 0 && leaf[0]) this.#firsts[which] = leaf[0].key;
    if (leaf.length < LEAF_MIN) this.#merge(which);
    return entry;
  }

  /** How many keys stand in a range. */
  count({ from, to }: KeyRange): number {
    const begin = this.#leafOf(from);
    const start = lowerBound(this.#leaves[begin] as Entry[], from);
    if (to === undefined) return this.#lengths(begin, this.#leaves.length) - start;
    const end = this.#leafOf(to);
    return Math.max(0, this.#lengths(begin, end) - start + lowerBound(this.#leaves[end] as Entry[], to));
  }

  /** The first `limit` entries of a range, in order. */
  list(range: KeyRange, limit = Number.POSITIVE_INFINITY): Entry[] {
    const found: Entry[] = [];
    const { from, to } = range;
    let which = this.#leafOf(from);
    let at = lowerBound(this.#leaves[which] as Entry[], from);
    for (; which < this.#leaves.length && found.length < limit; which++, at = 0) {
      const leaf = this.#leaves[which] as Entry[];
      const next = this.#firsts[which + 1];
      // Only the last leaf of the range has to be searched for its end.
      const end = to === undefined || (next !== undefined && next < to) ? leaf.length : lowerBound(leaf, to);
      for (; at < end && found.length < limit; at++) found.push(leaf[at] as Entry);
      if (end < leaf.length) break;
    }
    return found;
  }

  /** The entries of a range, in order; the index must not change while it is walked. */
  *walk({ from, to }: KeyRange): Generator<Entry, void, undefined> {
    let which = this.#leafOf(from);
    let at = lowerBound(this.#leaves[which] as Entry[], from);
    for (; which < this.#leaves.length; which++, at = 0) {
      const leaf = this.#leaves[which] as Entry[];
      for (; at < leaf.length; at++) {
        const entry = leaf[at] as Entry;
        if (to !== undefined && entry.key >= to) return;
        yield entry;
      }
    }
  }

  /** The last leaf whose first key is not behind `key`; the first leaf when there is none. */
  #leafOf(key: string): number {
    const firsts = this.#firsts;
    let low = 1;
    let high = firsts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((firsts[middle] as string) <= key) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #lengths(begin: number, end: number): number {
    let sum = 0;
    for (let which = begin; which < end; which++) sum += (this.#leaves[which] as Entry[]).length;
    return sum;
  }

  #split(which: number): void {
    const leaf = this.#leaves[which] as Entry[];
    const middle = leaf.length >> 1;
    const right = leaf.slice(middle);
    this.#leaves.splice(which, 1, leaf.slice(0, middle), right);
    this.#firsts.splice(which + 1, 0, (right[0] as Entry).key);
  }

  #merge(which: number): void {
    if (this.#leaves.length === 1) return;
    const left = which === 0 ? 0 : which - 1;
    const joined = (this.#leaves[left] as Entry[]).length + (this.#leaves[left + 1] as Entry[]).length;
    if (joined > LEAF_FILL) return;
    const leaf = (this.#leaves[left] as Entry[]).concat(this.#leaves[left + 1] as Entry[]);
    this.#leaves.splice(left, 2, leaf);
    this.#firsts.splice(left, 2, leaf[0]?.key ?? "");
  }
}

/** The place of the first entry that is not before `key`. */
function lowerBound(leaf: readonly Entry[], key: string): number {
  let low = 0;
  let high = leaf.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((leaf[middle] as Entry).key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
