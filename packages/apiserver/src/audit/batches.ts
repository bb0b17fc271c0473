/**
 * Gathers events, and hands them on in batches: when there are enough, or when the first has waited long enough; not faster than a bucket of tokens
 * lets them. When more come than are taken, the newest are dropped and counted: the server goes on.
 */
import { type Clock, type Timer, TokenBucket } from "@kubets/machinery";
import type { AuditEvent } from "./event.ts";
import type { AuditSink } from "./record.ts";

export interface BatchOptions {
  readonly bufferSize: number;
  readonly maxSize: number;
  readonly maxWaitMs: number;
  readonly throttle: { readonly rate: number; readonly burst: number } | undefined;
}

export class Batches implements AuditSink {
  readonly #options: BatchOptions;
  readonly #clock: Clock;
  readonly #send: (events: readonly AuditEvent[]) => Promise<void>;
  readonly #bucket: TokenBucket | undefined;
  readonly #onDrop: (count: number) => void;
  #waiting: AuditEvent[] = [];
  #timer: Timer | undefined;
  #sending = 0;

  constructor(
    options: BatchOptions,
    clock: Clock,
    send: (events: readonly AuditEvent[]) => Promise<void>,
    onDrop: (count: number) => void,
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#send = send;
    this.#onDrop = onDrop;
    this.#bucket = options.throttle && new TokenBucket(clock, options.throttle);
  }

  tell(event: AuditEvent): void {
    if (this.#waiting.length + this.#sending >= this.#options.bufferSize) return this.#onDrop(1);
    this.#waiting.push(event);
    if (this.#waiting.length >= this.#options.maxSize) this.flush();
    else this.#timer ??= this.#clock.after(this.#options.maxWaitMs, () => this.flush());
  }

  /** Hands on whatever waits. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    while (this.#waiting.length) {
      const batch = this.#waiting.splice(0, this.#options.maxSize);
      this.#sending += batch.length;
      void this.#deliver(batch);
    }
  }

  async #deliver(batch: readonly AuditEvent[]): Promise<void> {
    try {
      await this.#bucket?.take();
      await this.#send(batch);
    } catch {
      this.#onDrop(batch.length);
    } finally {
      this.#sending -= batch.length;
    }
  }
}
