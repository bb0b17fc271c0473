/**
 * A token bucket: so many tokens a second, at most `burst` saved up.
 * Holds: time is the monotonic clock's; waiting callers are served in the order in which they came.
 */
import { type Clock, sleep } from "./clock.ts";

export interface TokenBucketOptions {
  /** Tokens that come in a second. */
  readonly rate: number;
  /** Tokens that may be saved up, and that are there at the start. */
  readonly burst: number;
}

export class TokenBucket {
  readonly #clock: Clock;
  readonly #rate: number;
  readonly #burst: number;
  #tokens: number;
  #updated: number;

  constructor(clock: Clock, { rate, burst }: TokenBucketOptions) {
    this.#clock = clock;
    this.#rate = rate;
    this.#burst = burst;
    this.#tokens = burst;
    this.#updated = clock.monotonic();
  }

  /** Takes a token if there is one. */
  tryTake(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Takes a token, in advance if need be, and tells for how many milliseconds it must not be used yet. */
  reserve(): number {
    this.#refill();
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#rate) * 1000;
  }

  /** Waits for a token; rejects with the signal's reason when aborted, and then gives the token back. */
  async take(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const delay = this.reserve();
    if (delay === 0) return;
    try {
      await sleep(this.#clock, delay, signal);
    } catch (error) {
      this.#tokens = Math.min(this.#burst, this.#tokens + 1);
      throw error;
    }
  }

  #refill(): void {
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#updated) * this.#rate) / 1000);
    this.#updated = now;
  }
}
