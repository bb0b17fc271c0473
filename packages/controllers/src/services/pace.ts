/**
 * How often the endpoints of one service are planned anew: those of a large one not more than half of the time, so that the churn of its pods is gathered,
 * the more the busier the server is, and those of a small one at once.
 */
import type { Clock } from "@kubets/machinery";
import { PIECE } from "./plan-slices.ts";

const LONGEST_REST_MS = 1000;

export class Pace {
  readonly #restsUntil = new Map<string, number>();

  /** How long the service still rests. */
  waitFor(key: string, clock: Clock): number | undefined {
    const left = (this.#restsUntil.get(key) ?? 0) - clock.monotonic();
    if (left > 0) return left;
    this.#restsUntil.delete(key);
    return undefined;
  }

  /** It has been planned, and rests for as long as that took. */
  planned(key: string, pods: number, clock: Clock, began: number): void {
    if (pods < PIECE) return;
    const now = clock.monotonic();
    this.#restsUntil.set(key, now + Math.min(LONGEST_REST_MS, now - began));
  }

  forget(key: string): void {
    this.#restsUntil.delete(key);
  }
}
