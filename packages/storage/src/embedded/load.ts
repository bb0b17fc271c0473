/**
 * From the log to the present state: starts the worker, and builds the index, the history that the policy counts, and the
 * list of keys that are to die, from the chunks that it sends (newest rows first).
 */
import { SortedIndex } from "../sorted-index.ts";
import type { Entry } from "../storage.ts";
import type { HistoryPolicy } from "./history-policy.ts";
import { LoadedChunks } from "./loaded-chunks.ts";
import type { Floor } from "./log-file.ts";
import { readRecords } from "./records.ts";
import { WorkerLink } from "./worker-link.ts";

export interface Content {
  readonly link: WorkerLink;
  readonly index: SortedIndex;
  readonly chunks: LoadedChunks;
  readonly head: number;
  readonly floors: readonly Floor[];
  /** Keys with a time to live; `expires` is wall time. */
  readonly mortal: readonly { key: string; revision: number; ttl: number; expires: number }[];
}

/** Small, so that a chunk that is let go of late wastes little. */
const CHUNK_BYTES = 2 ** 18;
/** Rows this close in time count as written together. */
const SAME_TIME_MS = 5000;

export async function loadContent(
  folder: string,
  policy: HistoryPolicy,
  broken: (error: Error) => void,
): Promise<Content> {
  const entries: Entry[] = [];
  const chunks = new LoadedChunks();
  const mortal: { key: string; revision: number; ttl: number; expires: number }[] = [];
  const replaced: { key: string; revision: number; bytes: number }[] = [];
  const times: { revision: number; at: number }[] = [];

  const [link, { head, floors }] = await WorkerLink.start(
    { folder, chunkBytes: CHUNK_BYTES },
    ({ buffer, length }) =>
      readRecords(buffer, length, ({ key, value, revision, created, at, ttl, withheldBytes = 0 }) => {
        const later = times.at(-1);
        if (!later || Math.abs(later.at - at) > SAME_TIME_MS) times.push({ revision, at });
        if (value === undefined) replaced.push({ key, revision: created, bytes: withheldBytes });
        if (!value) return;
        const entry: Entry = { key, value, revision, created };
        entries.push(entry);
        chunks.add(entry);
        if (ttl > 0) mortal.push({ key, revision, ttl, expires: at + ttl * 1000 });
      }),
    broken,
  );

  const floor = Math.max(0, ...floors.filter(({ prefix }) => prefix === "").map(({ revision }) => revision));
  for (const { revision, at } of times.reverse()) if (revision > floor) policy.written(revision, at);
  for (const { key, revision, bytes } of replaced.reverse()) policy.replaced(key, revision, bytes);
  return { link, index: SortedIndex.from(entries), chunks, head, floors, mortal };
}
