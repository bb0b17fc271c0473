/**
 * Gathers writes into batches and has each made durable as a whole: while one is written, the next gathers.
 * Holds: one batch is on its way at a time; batches become durable in order; nothing is answered before; after a
 * failure nothing is answered with success any more.
 */
import type { Change, CommitResult, Entry } from "../storage.ts";
import { recordBytes, writeRecord } from "./records.ts";
import type { WorkerLink } from "./worker-link.ts";

interface PendingWrite {
  readonly change: Change;
  readonly at: number;
  /** Seconds; 0 for ever. */
  readonly ttl: number;
}

export class Batch {
  readonly writes: PendingWrite[] = [];
  readonly answers: {
    resolve: (result: CommitResult) => void;
    result: CommitResult;
    reject: (error: Error) => void;
  }[] = [];
  bytes = 0;

  /** Resolves with a result when the batch is durable. */
  answer(result: CommitResult): Promise<CommitResult> {
    return new Promise((resolve, reject) => this.answers.push({ resolve, result, reject }));
  }
}

/** Buffers above this size are not kept for the next batch. */
const KEPT_BUFFER_BYTES = 2 ** 20;

export class GroupCommit {
  readonly #link: WorkerLink;
  readonly #durable: (batch: Batch) => void;
  readonly #failed: (error: Error) => void;
  /** The state that each key will have once all that is pending is durable. */
  readonly #heads = new Map<string, { entry: Entry | undefined; batch: Batch }>();
  #gathering: Batch | undefined;
  #writing: Batch | undefined;
  #spare: ArrayBuffer | undefined;
  #failure: Error | undefined;
  #idle: (() => void)[] = [];

  constructor(link: WorkerLink, durable: (batch: Batch) => void, failed: (error: Error) => void) {
    this.#link = link;
    this.#durable = durable;
    this.#failed = failed;
  }

  /** What a key will be, if something is pending for it, and the batch with which it will. */
  head(key: string): { readonly entry: Entry | undefined; readonly batch: Batch } | undefined {
    return this.#heads.get(key);
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  add(write: PendingWrite, result: CommitResult): Promise<CommitResult> {
    if (!this.#gathering) {
      this.#gathering = new Batch();
      if (!this.#writing) this.#sendSoon();
    }
    const batch = this.#gathering;
    const { change } = write;
    batch.writes.push(write);
    if (change.type === "put") {
      batch.bytes += recordBytes(change.entry.key, change.entry.value);
      this.#heads.set(change.entry.key, { entry: change.entry, batch });
    } else {
      batch.bytes += recordBytes(change.key, null);
      this.#heads.set(change.key, { entry: undefined, batch });
    }
    return batch.answer(result);
  }

  /** Resolves when nothing is pending. */
  async drained(): Promise<void> {
    while ((this.#gathering || this.#writing) && !this.#failure)
      await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Ends all hope for what is pending. */
  fail(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#failed(error);
    // Only where the process lives on (tests): the outcome of these writes is unknown.
    for (const batch of [this.#writing, this.#gathering]) for (const { reject } of batch?.answers ?? []) reject(error);
    this.#wake();
  }

  /** What else comes in this turn of the loop goes with it. */
  #sendSoon(): void {
    setImmediate(() => this.#send());
  }

  #send(): void {
    const batch = this.#gathering;
    if (!batch || this.#failure) return;
    this.#gathering = undefined;
    this.#writing = batch;
    const buffer = this.#encode(batch);
    this.#link.tell(
      { ask: "append", buffer, length: batch.bytes },
      (answer: { buffer: ArrayBuffer }) => this.#written(batch, answer.buffer),
      (error) => this.fail(error),
      [buffer],
    );
  }

  #written(batch: Batch, buffer: ArrayBuffer): void {
    if (this.#failure) return;
    if (buffer.byteLength <= KEPT_BUFFER_BYTES) this.#spare = buffer;
    this.#writing = undefined;
    if (this.#gathering) this.#sendSoon();
    for (const { change } of batch.writes) {
      const key = change.type === "put" ? change.entry.key : change.key;
      if (this.#heads.get(key)?.batch === batch) this.#heads.delete(key);
    }
    this.#durable(batch);
    for (const { resolve, result } of batch.answers) resolve(result);
    if (!this.#gathering) this.#wake();
  }

  #encode(batch: Batch): ArrayBuffer {
    let buffer = this.#spare;
    this.#spare = undefined;
    if (!buffer || buffer.byteLength < batch.bytes)
      buffer = new ArrayBuffer(Math.max(16_384, 2 ** Math.ceil(Math.log2(batch.bytes))));
    const into = Buffer.from(buffer);
    let offset = 0;
    for (const { change, at, ttl } of batch.writes) {
      const previous = change.previous?.revision ?? 0;
      offset =
        change.type === "put"
          ? writeRecord(into, offset, { ...change.entry, previous, at, ttl })
          : writeRecord(into, offset, {
              key: change.key,
              value: null,
              revision: change.revision,
              created: change.revision,
              previous,
              at,
              ttl,
            });
    }
    return buffer;
  }

  #wake(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}
