/**
 * What the shared suite needs of a driver, and small makers of writes and collectors of watches.
 * Holds: all keys of one case stand under `under`, so that drivers may share one store between cases.
 */
import assert from "node:assert/strict";
import type { Change, CommitResult, Entry, Page, Storage, WatchEnd, WatchHandle } from "../storage.ts";

export interface StorageHarness {
  readonly storage: Storage;
  /** The prefix under which a case keeps its keys. Ends in a slash. */
  readonly under: string;
  /** Lets time pass on the storage's clock, so that what is due by then happens soon. */
  pass(ms: number): Promise<void>;
  /** Closes the storage and opens the same data again, where that can be done. */
  reopen?(): Promise<Storage>;
  dispose(): Promise<void>;
}

export type OpenHarness = () => Promise<StorageHarness>;

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (entry: Entry | undefined): string | undefined =>
  entry === undefined ? undefined : new TextDecoder().decode(entry.value);

/** Writes and must succeed; answers with the revision. */
export async function put(storage: Storage, key: string, value: string, expect?: number): Promise<number> {
  return revisionOf(await storage.commit({ key, value: () => bytes(value), ...(expect !== undefined && { expect }) }));
}

export async function remove(storage: Storage, key: string, expect?: number): Promise<number> {
  return revisionOf(await storage.commit({ key, value: null, ...(expect !== undefined && { expect }) }));
}

export function revisionOf(result: CommitResult): number {
  assert.ok(result.ok, "the commit was answered as a mismatch");
  return result.revision;
}

/** A page as "key=value" lines without the prefix. */
export const shown = (page: Page, under: string): string[] =>
  page.entries.map((entry) => `${entry.key.slice(under.length)}=${text(entry)}`);

/** A change as one readable line: what, where, the new value and the one before. */
export function line(change: Change, under: string): string {
  const before = change.previous ? text(change.previous) : "-";
  return change.type === "put"
    ? `put ${change.entry.key.slice(under.length)}=${text(change.entry)} was ${before}`
    : `delete ${change.key.slice(under.length)} was ${before}`;
}

/** A sink that remembers. */
export class Collector {
  readonly changes: Change[] = [];
  readonly upTos: number[] = [];
  readonly ends: WatchEnd[] = [];
  readonly handle: WatchHandle;

  constructor(storage: Storage, prefix: string, after: number, onChange?: (change: Change) => void) {
    this.handle = storage.watch(prefix, after, {
      changes: (changes, upTo) => {
        this.changes.push(...changes);
        this.upTos.push(upTo);
        if (onChange) for (const change of changes) onChange(change);
      },
      closed: (end) => this.ends.push(end),
    });
  }

  get upTo(): number {
    return this.upTos.at(-1) ?? 0;
  }

  lines(under: string): string[] {
    return this.changes.map((change) => line(change, under));
  }
}

/** Waits until a condition holds, and fails with its description when it does not within ten seconds. */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > deadline) assert.fail(`did not come true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
