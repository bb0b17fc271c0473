/**
 * What a writer was told is done, read from its output, and the check that a store has all of it: each acknowledged write
 * is there or was followed by another, none is torn, and revisions have no gap.
 */
import assert from "node:assert/strict";
import type { Change, HistoryOptions, Storage } from "@kubets/storage";

export interface Acknowledged {
  readonly key: string;
  readonly revision: number;
  readonly kind: string;
}

/** How much history a writer and its reader keep. */
export const HISTORY = {
  all: { keep: "forever", short: [] },
  little: { keep: 200, budgetBytes: 50_000 },
} as const satisfies Record<string, HistoryOptions>;

/** About 2 KB that name their key and revision all through. */
export const valueOf = (key: string, revision: number): Uint8Array =>
  new TextEncoder().encode(`${key}@${revision};`.repeat(10 + Math.floor(2000 / (key.length + 8))));

/** Reads a writer's lines; a last line without its end is not counted. */
export function readOutput(output: string): { acknowledged: Acknowledged[]; watched: number; ready: boolean } {
  const acknowledged: Acknowledged[] = [];
  let watched = 0;
  let ready = false;
  for (const line of output.slice(0, output.lastIndexOf("\n") + 1).split("\n")) {
    const [what, key = "", revision = "", kind = ""] = line.split(" ");
    if (what === "a") acknowledged.push({ key, revision: Number(revision), kind });
    else if (what === "w") watched = Number(key);
    else if (what === "ready") ready = true;
  }
  return { acknowledged, watched, ready };
}

export class Ledger {
  readonly #newest = new Map<string, Acknowledged>();
  /** All is checked up to this revision. */
  seen = 1;
  count = 0;

  /** Checks a reopened store against what was acknowledged before and now; answers with its revision. */
  async check(storage: Storage, acknowledged: readonly Acknowledged[], watched: number): Promise<number> {
    const head = await storage.currentRevision();
    assert.ok(
      head >= this.seen && head >= watched,
      `revisions went back: at ${head} after ${Math.max(this.seen, watched)}`,
    );
    const changes = await resumed(storage, this.seen, head);
    assert.deepEqual(
      changes.map(revisionOf),
      Array.from({ length: head - this.seen }, (_, i) => this.seen + 1 + i),
      "the resumed watch has each revision once",
    );
    for (const write of acknowledged) {
      const change = changes[write.revision - this.seen - 1];
      assert.ok(change, `revision ${write.revision} of ${write.key} was acknowledged, and is lost`);
      assert.deepEqual({ key: keyOf(change), type: change.type }, { key: write.key, type: write.kind });
      this.#newest.set(write.key, write);
    }
    await this.#present(storage, changes);
    // What was not acknowledged but is there is part of the truth from now on.
    for (const change of changes)
      this.#newest.set(keyOf(change), { key: keyOf(change), revision: revisionOf(change), kind: change.type });
    this.seen = head;
    this.count += acknowledged.length;
    return head;
  }

  /** The same for a store that keeps little history: the present state alone. */
  async checkPresent(storage: Storage, acknowledged: readonly Acknowledged[], watched: number): Promise<void> {
    const head = await storage.currentRevision();
    assert.ok(
      head >= this.seen && head >= watched,
      `revisions went back: at ${head} after ${Math.max(this.seen, watched)}`,
    );
    for (const write of acknowledged) {
      assert.ok(write.revision <= head, `revision ${write.revision} of ${write.key} was acknowledged, and is lost`);
      if (write.revision > (this.#newest.get(write.key)?.revision ?? 0)) this.#newest.set(write.key, write);
    }
    await this.#present(storage, undefined);
    this.seen = head;
    this.count += acknowledged.length;
  }

  /** `changes` are all since the last check; where they are not known, a key that is gone may have been deleted since. */
  async #present(storage: Storage, changes: readonly Change[] | undefined): Promise<void> {
    for (const write of this.#newest.values()) {
      const entry = await storage.get(write.key);
      if (write.kind === "put") assert.ok(entry || !changes || deletedAfter(changes, write), `${write.key} is lost`);
      if (entry)
        assert.ok(
          write.kind === "put" ? entry.revision >= write.revision : entry.revision > write.revision,
          `${write.key} went back`,
        );
    }
    for (const entry of (await storage.list("/registry/")).entries) {
      assert.ok(Buffer.compare(entry.value, valueOf(entry.key, entry.revision)) === 0, `${entry.key} is torn`);
    }
  }
}

const revisionOf = (change: Change): number => (change.type === "put" ? change.entry.revision : change.revision);
const keyOf = (change: Change): string => (change.type === "put" ? change.entry.key : change.key);
const deletedAfter = (changes: readonly Change[], write: Acknowledged): boolean =>
  changes.some((change) => change.type === "delete" && change.key === write.key && change.revision > write.revision);

function resumed(storage: Storage, after: number, head: number): Promise<Change[]> {
  if (after >= head) return Promise.resolve([]);
  return new Promise((resolve, reject) => {
    const all: Change[] = [];
    const handle = storage.watch("/registry/", after, {
      changes(changes, upTo) {
        all.push(...changes);
        if (upTo < head) return;
        handle.stop();
        resolve(all);
      },
      closed: (end) => reject(new Error(`the resumed watch ended: ${end.why}`)),
    });
  });
}
