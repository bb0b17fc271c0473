/**
 * The chunks that the log was loaded in. Values are views of them, so one surviving entry would keep a whole chunk in memory:
 * when less than half of a chunk is in use, what is left of it moves out.
 * Holds: moving replaces `value` of an entry by the same bytes elsewhere. Who shares entries holds the entry, not its value.
 */
import type { Entry } from "../storage.ts";

interface Chunk {
  readonly entries: Entry[];
  readonly bytes: number;
  used: number;
}

export class LoadedChunks {
  readonly #chunks = new Map<ArrayBufferLike, Chunk>();

  add(entry: Entry): void {
    const { buffer } = entry.value;
    let chunk = this.#chunks.get(buffer);
    if (!chunk) this.#chunks.set(buffer, (chunk = { entries: [], bytes: buffer.byteLength, used: 0 }));
    chunk.entries.push(entry);
    chunk.used += entry.value.length;
  }

  /** An entry was replaced or deleted; `isCurrent` tells which of its neighbours still stand. */
  drop(entry: Entry, isCurrent: (entry: Entry) => boolean): void {
    if (this.#chunks.size === 0) return;
    const { buffer } = entry.value;
    const chunk = this.#chunks.get(buffer);
    if (!chunk) return;
    chunk.used -= entry.value.length;
    if (chunk.used > chunk.bytes / 2) return;
    this.#chunks.delete(buffer);
    for (const left of chunk.entries) {
      if (isCurrent(left)) (left as { value: Uint8Array }).value = left.value.slice();
    }
  }
}
