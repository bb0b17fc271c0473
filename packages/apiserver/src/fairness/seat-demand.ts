/**
 * What a priority level wants, over time: the most seats at once, the mean and how it varies, each moment weighing as long as it lasted.
 * `harvest` closes a while and folds it into a smooth figure that rises at once and falls slowly.
 */
import type { Demand } from "./concurrency.ts";

/** How much of the old figure stays when the demand falls: from the original's half-life of a few minutes. */
const STAYS = 0.977;

export class SeatDemand {
  #seats = 0;
  #since: number;
  #start: number;
  #highest = 0;
  #area = 0;
  #squares = 0;
  #smooth = 0;

  constructor(now: number) {
    this.#since = now;
    this.#start = now;
  }

  /** The demand changes by so many seats. */
  add(seats: number, now: number): void {
    this.#advance(now);
    this.#seats += seats;
    if (this.#seats > this.#highest) this.#highest = this.#seats;
  }

  /** Nothing is wanted, and nothing of the past is remembered. */
  get quiet(): boolean {
    return this.#seats === 0 && this.#highest === 0 && this.#smooth < 0.01;
  }

  get seats(): number {
    return this.#seats;
  }

  harvest(now: number): Demand {
    this.#advance(now);
    const lasted = now - this.#start;
    const mean = lasted > 0 ? this.#area / lasted : this.#seats;
    const variance = lasted > 0 ? Math.max(0, this.#squares / lasted - mean * mean) : 0;
    const deviation = Math.sqrt(variance);
    const envelope = mean + deviation;
    this.#smooth = Math.max(envelope, STAYS * this.#smooth + (1 - STAYS) * envelope);
    const demand = { highest: this.#highest, smooth: this.#smooth, mean, deviation };
    this.#start = now;
    this.#highest = this.#seats;
    this.#area = this.#squares = 0;
    return demand;
  }

  #advance(now: number): void {
    const lasted = now - this.#since;
    this.#since = now;
    this.#area += lasted * this.#seats;
    this.#squares += lasted * this.#seats * this.#seats;
  }
}
