/**
 * How many requests begin in one turn of the event loop. All requests share one loop, so seats alone do not keep it free: what begins in one turn
 * stands before everything that comes in meanwhile. What is more than a turn bears waits in its queue, and the queues say who begins in the next.
 * Holds: a turn in which requests begin takes about `TURN_MS`, learned from how long such turns took, with all that came of them; refusals, which cost too, go out a few at a time,
 * so that a client that asks again at once cannot fill the loop with them. On a virtual clock, where turns take no time, nothing ever waits here.
 */
import type { Clock } from "@kubets/machinery";

/** A priority level with requests that wait. */
export interface Waiting {
  /** What it has a right to, beside the others. */
  readonly weight: number;
  /** Lets the next request begin, if there is one and it has room; tells its width, 0 when none began. */
  startNext(): number;
}

const TURN_MS = 1;
const FEWEST = 2;
/** From here on it is no limit any more. */
const MANY = 1000;
const REFUSALS_A_TURN = 4;

export class LoopTurns {
  #allowed = Number.POSITIVE_INFINITY;
  #began = 0;
  #started = 0;
  #isOn = false;
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #nextTurn: (run: () => void) => void;
  /** With what each has been given, for its weight. */
  readonly #waiting = new Map<Waiting, number>();
  #given = 0;
  readonly #refusals: (() => void)[] = [];

  constructor(clock: Pick<Clock, "monotonic">, nextTurn: (run: () => void) => void = setImmediate) {
    this.#clock = clock;
    this.#nextTurn = nextTurn;
  }

  /** Whether a request that comes now may begin in this turn. */
  get open(): boolean {
    if (!this.#isOn || this.#started < FEWEST) return true;
    return this.#started < this.#allowed && this.#clock.monotonic() - this.#began < TURN_MS;
  }

  /** A request begins. */
  begins(): void {
    this.#go();
    this.#started++;
  }

  /** Somebody waits whom there may be room for. */
  wait(who: Waiting): void {
    this.#go();
    if (!this.#waiting.has(who)) this.#waiting.set(who, this.#given);
  }

  /** Runs it when its turn comes. */
  refuse(run: () => void): void {
    this.#go();
    this.#refusals.push(run);
  }

  #go(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#began = this.#clock.monotonic();
    this.#nextTurn(() => this.#turn());
  }

  #turn(): void {
    this.#learn(this.#clock.monotonic() - this.#began);
    this.#isOn = false;
    this.#started = 0;
    while (this.#waiting.size > 0 && this.open) this.#startOne();
    for (const refuse of this.#refusals.splice(0, REFUSALS_A_TURN)) refuse();
    if (this.#waiting.size > 0 || this.#refusals.length > 0) this.#go();
  }

  #learn(tookMs: number): void {
    if (tookMs > TURN_MS) {
      this.#allowed = Math.max(FEWEST, Math.min(this.#allowed, (this.#started * TURN_MS) / tookMs));
    } else if (this.#started >= this.#allowed) {
      this.#allowed *= 1.5;
      if (this.#allowed > MANY) this.#allowed = Number.POSITIVE_INFINITY;
    }
  }

  /** Of the one that has been given least. */
  #startOne(): void {
    let next: Waiting | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const [who, given] of this.#waiting) if (given < least) [next, least] = [who, given];
    if (!next) return;
    this.#given = least;
    const width = next.startNext();
    if (width === 0) this.#waiting.delete(next);
    else {
      this.#waiting.set(next, least + width / next.weight);
      this.begins();
    }
  }
}
