/**
 * The queue of keys that a controller works off.
 * Holds: a key waits at most once; it is never with two workers at a time; one that was added while in work waits again
 * when it is done and has rested. Delayed keys are not in the queue until their time has come, and an earlier time replaces a later.
 */
import type { Clock, Timer } from "./clock.ts";
import { controllerLimiter, type RateLimiter } from "./rate-limiter.ts";
import type { WorkQueueMetrics } from "./work-queue-metrics.ts";

export interface WorkQueueOptions<K> {
  readonly limiter?: RateLimiter<K>;
  readonly metrics?: WorkQueueMetrics<K>;
}

interface Delayed {
  readonly due: number;
  readonly timer: Timer;
}

export class WorkQueue<K> {
  readonly #clock: Clock;
  readonly #limiter: RateLimiter<K>;
  readonly #metrics: WorkQueueMetrics<K> | undefined;
  /** Keys that wait, in order; a set keeps the order of insertion and gives the dedup. */
  readonly #waiting = new Set<K>();
  readonly #working = new Set<K>();
  /** Keys that were added while in work or at rest. */
  readonly #again = new Set<K>();
  readonly #resting = new Map<K, Timer>();
  readonly #delayed = new Map<K, Delayed>();
  #takers: Array<(key: K | undefined) => void> = [];
  #idle: Array<() => void> = [];
  #shutDown = false;

  constructor(clock: Clock, options: WorkQueueOptions<K> = {}) {
    this.#clock = clock;
    this.#limiter = options.limiter ?? controllerLimiter(clock);
    this.#metrics = options.metrics;
  }

  /** Keys that wait now; delayed ones do not count. */
  get length(): number {
    return this.#waiting.size;
  }

  add(key: K): void {
    if (this.#shutDown || this.#waiting.has(key)) return;
    if (this.#working.has(key)) {
      if (!this.#again.has(key)) this.#metrics?.added(key);
      this.#again.add(key);
      return;
    }
    this.#metrics?.added(key);
    this.#offer(key);
  }

  addAfter(key: K, delayMs: number): void {
    if (this.#shutDown) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const due = this.#clock.monotonic() + delayMs;
    const before = this.#delayed.get(key);
    if (before && before.due <= due) return;
    before?.timer.cancel();
    const timer = this.#clock.after(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { due, timer });
  }

  /** Adds a key that failed, after a wait that grows with its failures. */
  addRateLimited(key: K): void {
    this.#metrics?.retried();
    this.addAfter(key, this.#limiter.when(key));
  }

  /** Ends the counting of a key's failures; does not take it out of the queue. */
  forget(key: K): void {
    this.#limiter.forget(key);
  }

  failures(key: K): number {
    return this.#limiter.failures(key);
  }

  /** The next key, which is in work until `done`; undefined once the queue is shut down and empty. */
  take(): Promise<K | undefined> {
    for (const key of this.#waiting) {
      this.#waiting.delete(key);
      this.#take(key);
      return Promise.resolve(key);
    }
    if (this.#shutDown) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** Must be called once for each key that was taken. A key that rests is as good as in work for so long. */
  done(key: K, restMs = 0): void {
    this.#metrics?.done(key);
    if (restMs <= 0 || this.#shutDown) return this.#free(key);
    const rested = () => {
      this.#resting.delete(key);
      this.#free(key);
    };
    this.#resting.set(key, this.#clock.after(restMs, rested));
  }

  /** Takes no more keys; what waits is still handed out, what is delayed is dropped. */
  shutDown(): void {
    if (this.#shutDown) return;
    this.#shutDown = true;
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    for (const [key, timer] of this.#resting) {
      timer.cancel();
      this.#free(key);
    }
    this.#resting.clear();
    const takers = this.#takers;
    this.#takers = [];
    for (const resolve of takers) resolve(undefined);
  }

  /** Shuts down, and resolves when all that waited or was in work is done. */
  async drain(): Promise<void> {
    this.shutDown();
    if (this.#working.size + this.#waiting.size === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #free(key: K): void {
    this.#working.delete(key);
    if (this.#again.delete(key)) this.#offer(key);
    else if (this.#working.size === 0) this.#tellIdle();
  }

  #offer(key: K): void {
    const taker = this.#takers.shift();
    if (!taker) {
      this.#waiting.add(key);
      return;
    }
    this.#take(key);
    taker(key);
  }

  #take(key: K): void {
    this.#working.add(key);
    this.#metrics?.taken(key);
  }

  #tellIdle(): void {
    if (!this.#shutDown || this.#waiting.size > 0) return;
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }
}
