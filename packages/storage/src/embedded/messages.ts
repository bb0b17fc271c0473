/** What the main thread asks of the worker that owns the log file, and what it answers. Answers come in the order of the questions. */
import type { Floor } from "./log-file.ts";

export interface WorkerData {
  readonly folder: string;
  readonly chunkBytes: number;
}

export type Question =
  | { readonly ask: "append"; readonly buffer: ArrayBuffer; readonly length: number }
  | { readonly ask: "read"; readonly prefix: string; readonly after: number; readonly withValues: boolean }
  | { readonly ask: "sweep"; readonly floor: Floor }
  | { readonly ask: "vacuum"; readonly pages: number }
  | { readonly ask: "snapshot"; readonly file: string }
  | { readonly ask: "check" }
  | { readonly ask: "close" };

export interface Answers {
  /** The buffer comes back to be used again. */
  append: { readonly buffer: ArrayBuffer };
  read: { readonly chunks: readonly Chunk[]; readonly upTo: number; readonly head: boolean };
  sweep: Floor;
  vacuum: { readonly free: number; readonly total: number };
  snapshot: { readonly revision: number };
  check: readonly string[];
  close: undefined;
}

export interface Chunk {
  readonly buffer: ArrayBuffer;
  readonly length: number;
}

export type FromWorker =
  | { readonly say: "chunk"; readonly chunk: Chunk }
  | { readonly say: "opened"; readonly head: number; readonly floors: readonly Floor[] }
  | { readonly say: "refused"; readonly error: Error; readonly cause: "locked" | "format" | "other" }
  | { readonly say: "answer"; readonly id: number; readonly answer: Answers[Question["ask"]] }
  | { readonly say: "failed"; readonly id: number; readonly error: Error };

export type ToWorker = { readonly id: number; readonly question: Question };
