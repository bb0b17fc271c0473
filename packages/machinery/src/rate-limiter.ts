/**
 * How long an item waits before it is tried again: longer with each failure of its own, and for all items together no
 * faster than a token bucket gives. The defaults are the original's for controllers.
 */
import type { Clock } from "./clock.ts";
import { TokenBucket } from "./token-bucket.ts";

export interface RateLimiter<K> {
  /** Counts one more failure of the item and tells its wait in milliseconds. */
  when(item: K): number;
  /** The item is done, well or for good. */
  forget(item: K): void;
  /** How often it failed since it was last forgotten. */
  failures(item: K): number;
}

export class ExponentialLimiter<K> implements RateLimiter<K> {
  readonly #failures = new Map<K, number>();
  readonly #baseMs: number;
  readonly #maxMs: number;

  constructor(baseMs = 5, maxMs = 1_000_000) {
    this.#baseMs = baseMs;
    this.#maxMs = maxMs;
  }

  when(item: K): number {
    const before = this.failures(item);
    this.#failures.set(item, before + 1);
    return Math.min(this.#maxMs, this.#baseMs * 2 ** before);
  }

  forget(item: K): void {
    this.#failures.delete(item);
  }

  failures(item: K): number {
    return this.#failures.get(item) ?? 0;
  }
}

export class BucketLimiter<K> implements RateLimiter<K> {
  readonly #bucket: TokenBucket;

  constructor(bucket: TokenBucket) {
    this.#bucket = bucket;
  }

  when(): number {
    return this.#bucket.reserve();
  }

  forget(): void {}

  failures(): number {
    return 0;
  }
}

/** The longest wait that any of several limiters asks for. */
export class LongestLimiter<K> implements RateLimiter<K> {
  readonly #limiters: ReadonlyArray<RateLimiter<K>>;

  constructor(...limiters: ReadonlyArray<RateLimiter<K>>) {
    this.#limiters = limiters;
  }

  when(item: K): number {
    return Math.max(0, ...this.#limiters.map((limiter) => limiter.when(item)));
  }

  forget(item: K): void {
    for (const limiter of this.#limiters) limiter.forget(item);
  }

  failures(item: K): number {
    return Math.max(0, ...this.#limiters.map((limiter) => limiter.failures(item)));
  }
}

/** 5 ms to 1000 s for each item, ten a second with a burst of a hundred for all. */
export const controllerLimiter = <K>(clock: Clock): RateLimiter<K> =>
  new LongestLimiter<K>(
    new ExponentialLimiter<K>(),
    new BucketLimiter<K>(new TokenBucket(clock, { rate: 10, burst: 100 })),
  );
