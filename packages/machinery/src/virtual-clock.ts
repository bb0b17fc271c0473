/**
 * A clock that moves only when told. `advance` runs every timer that falls due, in order of time and then of creation,
 * and lets all promise work settle between two of them, so a run is the same each time.
 */
import type { Clock, Timer } from "./clock.ts";

interface Pending {
  due: number;
  serial: number;
  run: () => void;
}

export class VirtualClock implements Clock {
  #epoch: number;
  #elapsed = 0;
  #serial = 0;
  /** A binary heap by (due, serial); cancelled entries stay until they come up, with `run` emptied. */
  readonly #heap: Pending[] = [];

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#epoch = startMs;
  }

  now(): number {
    return this.#epoch + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(delayMs: number, run: () => void): Timer {
    const entry: Pending = { due: this.#elapsed + Math.max(0, delayMs), serial: this.#serial++, run };
    this.#push(entry);
    return {
      cancel: () => {
        entry.run = nothing;
      },
    };
  }

  /** The machine sleeps: the time of day goes on, and nothing else does. */
  suspend(ms: number): void {
    this.#epoch += ms;
  }

  /** Moves time on by `ms`, running what falls due. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await settle();
    for (let next = this.#heap[0]; next && next.due <= end; next = this.#heap[0]) {
      this.#pop();
      this.#elapsed = next.due;
      if (next.run === nothing) continue;
      next.run();
      await settle();
    }
    this.#elapsed = end;
  }

  /** Moves on timer by timer until `condition` holds; throws when `limitMs` have passed without it. */
  async runUntil(condition: () => boolean, limitMs = 3_600_000): Promise<void> {
    const end = this.#elapsed + limitMs;
    await settle();
    while (!condition()) {
      const next = this.#heap[0];
      if (!next || next.due > end)
        throw new Error(`the condition did not come true within ${limitMs} ms of virtual time`);
      await this.advance(next.due - this.#elapsed);
    }
  }

  #push(entry: Pending): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, heap[parent] as Pending)) break;
      heap[at] = heap[parent] as Pending;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Pending;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Pending, heap[child] as Pending)) child++;
      if (!before(heap[child] as Pending, last)) break;
      heap[at] = heap[child] as Pending;
      at = child;
    }
    heap[at] = last;
  }
}

const nothing = () => {};
const before = (a: Pending, b: Pending) => a.due < b.due || (a.due === b.due && a.serial < b.serial);
/** A turn of the event loop: all microtasks and next-tick work is done when it resolves. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
