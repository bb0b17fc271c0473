/**
 * Exponentially growing waits, with jitter, that start over after a quiet time.
 * Holds: without jitter the n-th wait is `initialMs * 2^n`, never above `maxMs`.
 */
import type { Clock } from "./clock.ts";
import type { Random } from "./random.ts";

export interface BackoffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
  /** The part of a wait that chance may add to it; none by default. */
  readonly jitter?: number;
  /** Start over when `next` was not called for so long; never by default. */
  readonly resetAfterMs?: number;
}

export class Backoff {
  readonly #options: BackoffOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  #step = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, random: Random, options: BackoffOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#options = options;
  }

  /** How long to wait now, in milliseconds. */
  next(): number {
    const { initialMs, maxMs, jitter = 0, resetAfterMs } = this.#options;
    const now = this.#clock.monotonic();
    if (resetAfterMs !== undefined && now - this.#last > resetAfterMs) this.#step = 0;
    this.#last = now;
    const wait = Math.min(maxMs, initialMs * 2 ** this.#step);
    if (wait < maxMs) this.#step++;
    return wait * (1 + jitter * this.#random.float());
  }

  reset(): void {
    this.#step = 0;
  }
}
