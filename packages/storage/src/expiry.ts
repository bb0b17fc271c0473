/**
 * Which keys are to be deleted when, and one timer for the next of them.
 * Holds: with nothing due there is no timer; a key that was written again since is not reported by its caller's check of the
 * revision, so nothing needs to be taken out here.
 */
import type { Clock, Timer } from "@kubets/machinery/clock";

/** Deaths close together share a wake-up. */
const SHARED_WAKE_MS = 500;

interface Due {
  readonly at: number;
  readonly key: string;
  readonly revision: number;
}

export class Expiry {
  readonly #clock: Clock;
  readonly #expire: (key: string, revision: number) => void;
  /** A binary heap by `at`. */
  readonly #heap: Due[] = [];
  #timer: Timer | undefined;
  #armedFor = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, expire: (key: string, revision: number) => void) {
    this.#clock = clock;
    this.#expire = expire;
  }

  add(key: string, revision: number, inMs: number): void {
    const at = Math.ceil((this.#clock.monotonic() + inMs) / SHARED_WAKE_MS) * SHARED_WAKE_MS;
    push(this.#heap, { at, key, revision });
    this.#arm();
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#heap.length = 0;
  }

  #arm(): void {
    const next = this.#heap[0];
    if (!next || next.at >= this.#armedFor) return;
    this.#timer?.cancel();
    this.#armedFor = next.at;
    this.#timer = this.#clock.after(next.at - this.#clock.monotonic(), () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
    const now = this.#clock.monotonic();
    for (let due = this.#heap[0]; due && due.at <= now; due = this.#heap[0]) {
      pop(this.#heap);
      this.#expire(due.key, due.revision);
    }
    this.#arm();
  }
}

function push(heap: Due[], due: Due): void {
  let at = heap.push(due) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if ((heap[parent] as Due).at <= due.at) break;
    heap[at] = heap[parent] as Due;
    at = parent;
  }
  heap[at] = due;
}

function pop(heap: Due[]): void {
  const last = heap.pop() as Due;
  if (heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && (heap[child + 1] as Due).at < (heap[child] as Due).at) child++;
    if ((heap[child] as Due).at >= last.at) break;
    heap[at] = heap[child] as Due;
    at = child;
  }
  heap[at] = last;
}
