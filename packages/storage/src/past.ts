/**
 * Reads of the past, by undoing: what stood under a prefix at a revision is what stands there now, with each change since taken
 * back. So old states need no index of their own, and cost what changed since.
 */
import { type KeyRange, prefixRange, type SortedIndex } from "./sorted-index.ts";
import type { Change, Entry, ListOptions, Page } from "./storage.ts";

/** For each key that changed since: what stood there before its first change. */
export type Undone = Map<string, Entry | undefined>;

export const changedKey = (change: Change): string => (change.type === "put" ? change.entry.key : change.key);
export const changedAt = (change: Change): number => (change.type === "put" ? change.entry.revision : change.revision);

/** Adds later changes, which come in order. */
export function undo(changes: Iterable<Change>, into: Undone = new Map()): Undone {
  for (const change of changes) {
    const key = changedKey(change);
    if (!into.has(key)) into.set(key, change.previous);
  }
  return into;
}

/** The page of the present. */
export function pageNow(index: SortedIndex, revision: number, prefix: string, options: ListOptions): Page {
  const range = prefixRange(prefix, options.after);
  const entries = index.list(range, options.limit);
  const remaining = options.limit === undefined ? 0 : index.count(range) - entries.length;
  return { entries, revision, remaining };
}

/** The page as it was at `revision`, given all changes under the prefix since then. */
export function pageThen(
  index: SortedIndex,
  undone: Undone,
  revision: number,
  prefix: string,
  options: ListOptions,
): Page {
  const range = prefixRange(prefix, options.after);
  const { limit = Number.POSITIVE_INFINITY } = options;
  const touched = [...undone.keys()].filter((key) => within(range, key)).sort();
  let total = index.count(range);
  for (const key of touched) total += Number(undone.get(key) !== undefined) - Number(index.get(key) !== undefined);

  const entries: Entry[] = [];
  for (const entry of merged(index.walk(range), touched, undone)) {
    if (entries.length >= limit) break;
    entries.push(entry);
  }
  return { entries, revision, remaining: total - entries.length };
}

/** What stands now and did not change, and what stood then, as one row in key order. */
function* merged(now: Iterable<Entry>, touched: readonly string[], undone: Undone): Generator<Entry> {
  let next = 0;
  for (const entry of now) {
    for (; next < touched.length && (touched[next] as string) <= entry.key; next++) {
      const then = undone.get(touched[next] as string);
      if (then) yield then;
    }
    if (!undone.has(entry.key)) yield entry;
  }
  for (; next < touched.length; next++) {
    const then = undone.get(touched[next] as string);
    if (then) yield then;
  }
}

const within = ({ from, to }: KeyRange, key: string): boolean => key >= from && (to === undefined || key < to);
