/**
 * When a pod is looked at again by itself: at the earliest of what is due. A step that failed is tried again later each time.
 * Holds: there is one timer, however many wishes there are.
 */
import type { Clock, Timer } from "@kubets/machinery";

const FIRST_RETRY_MS = 500;
export const LONGEST_RETRY_MS = 12_000;

export class RetryTimer {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #timer: Timer | undefined;
  #due = Number.POSITIVE_INFINITY;
  #retries = 0;
  /** On the monotonic clock. */
  #retryAt = 0;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  wakeIn(ms: number): void {
    const due = this.#clock.monotonic() + ms;
    if (due >= this.#due) return;
    this.#timer?.cancel();
    this.#due = due;
    this.#timer = this.#clock.after(ms, () => {
      this.#due = Number.POSITIVE_INFINITY;
      this.#wake();
    });
  }

  failed(): void {
    const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#retries);
    this.#retries++;
    this.#retryAt = this.#clock.monotonic() + wait;
    this.wakeIn(wait);
  }

  succeeded(): void {
    this.#retries = 0;
  }

  /** What made it fail may be over. */
  hurry(): void {
    this.#retryAt = 0;
  }

  /** How long no step is tried. */
  get leftMs(): number {
    return this.#retryAt - this.#clock.monotonic();
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
