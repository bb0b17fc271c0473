/**
 * The newest changes, in order, within a budget of bytes; the oldest go first.
 * Holds: every change after `floor` is here.
 */
import { changedAt } from "../past.ts";
import type { Change } from "../storage.ts";

/** What a change costs beyond its bytes, about. */
const OVERHEAD_BYTES = 200;

export class RecentChanges {
  readonly #budgetBytes: number;
  #changes: Change[] = [];
  /** Changes before this place are let go of. */
  #begin = 0;
  #bytes = 0;
  #floor: number;

  constructor(budgetBytes: number, floor: number) {
    this.#budgetBytes = budgetBytes;
    this.#floor = floor;
  }

  /** The oldest revision that can be read, and watched from. */
  get floor(): number {
    return this.#floor;
  }

  push(change: Change): void {
    this.#changes.push(change);
    this.#bytes += cost(change);
    while (this.#bytes > this.#budgetBytes) this.#drop();
  }

  compact(revision: number): void {
    for (
      let first = this.#changes[this.#begin];
      first && changedAt(first) <= revision;
      first = this.#changes[this.#begin]
    ) {
      this.#drop();
    }
    this.#floor = Math.max(this.#floor, revision);
  }

  /** All changes after a revision that is not below the floor. */
  after(revision: number): Change[] {
    let low = this.#begin;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (changedAt(this.#changes[middle] as Change) <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#changes.slice(low);
  }

  #drop(): void {
    const change = this.#changes[this.#begin] as Change;
    this.#floor = changedAt(change);
    this.#bytes -= cost(change);
    this.#begin++;
    if (this.#begin > 64 && this.#begin > this.#changes.length / 2) {
      this.#changes = this.#changes.slice(this.#begin);
      this.#begin = 0;
    }
  }
}

/** Each change is charged for the bytes that only history keeps alive: those it replaced. */
const cost = (change: Change): number => OVERHEAD_BYTES + (change.previous?.value.length ?? 0);
