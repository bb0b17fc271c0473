/**
 * How much of one turn of the event loop requests may take. All requests share one loop, so seats alone do not keep it free: what begins in one turn
 * stands before everything that comes in meanwhile. What is more than a turn bears waits in its queue, and the queues say who begins in the next.
 * Holds: requests that begin in a turn take about `TURN_MS` of it, or half of the loop where something else (other parts of the same process) keeps it
 * busy, but no more than `MOST_MS`. Refusals, which cost too, go out a few at a time, so that a client that asks again at once cannot fill the loop with them.
 */
import type { Clock } from "@kubets/machinery";
import { workedMs } from "@kubets/machinery/stretch";

/** A priority level with requests that wait. */
export interface Waiting {
  /** What it has a right to, beside the others. */
  readonly weight: number;
  /** Lets the next request begin, if there is one and it has room; tells its width, 0 when none began. */
  startNext(): number;
}

const TURN_MS = 1;
/** Turns after which most of what something else takes is known. */
const TURNS_TO_KNOW = 8;
/** However long something else took. */
const MOST_MS = 5;
/** What a write costs beyond its beginning, which is all that can be measured here: its body comes later. */
const REST_OF_WRITE_MS = 0.3;
const REFUSALS_A_TURN = 4;

export class LoopTurns {
  #budget = TURN_MS;
  #spent = 0;
  #began = 0;
  /** What something else takes of a turn. A mean, since the kernel counts the time of a running thread by its ticks, each as long as several turns. */
  #others = 0;
  #isOn = false;
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #nextTurn: (run: () => void) => void;
  /** Milliseconds that this thread has worked: a turn in which the machine gave it no time is no long one. */
  readonly #worked: () => number;
  /** With what each has been given, for its weight. */
  readonly #waiting = new Map<Waiting, number>();
  #given = 0;
  readonly #refusals: (() => void)[] = [];

  constructor(
    clock: Pick<Clock, "monotonic">,
    nextTurn: (run: () => void) => void = setImmediate,
    worked: () => number = workedMs,
  ) {
    this.#clock = clock;
    this.#nextTurn = nextTurn;
    this.#worked = worked;
  }

  /** Whether a request that comes now may begin in this turn. */
  get open(): boolean {
    return this.#spent < this.#budget;
  }

  /** Begins a request, and counts what that takes of the turn. */
  run<T>(isWrite: boolean, work: () => T): T {
    this.#go();
    const began = this.#clock.monotonic();
    try {
      return work();
    } finally {
      this.#spent += this.#clock.monotonic() - began + (isWrite ? REST_OF_WRITE_MS : 0);
    }
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
    this.#began = this.#worked();
    this.#nextTurn(() => this.#turn());
  }

  #turn(): void {
    this.#others += (this.#worked() - this.#began - this.#spent - this.#others) / TURNS_TO_KNOW;
    this.#budget = Math.min(Math.max(TURN_MS, this.#others), MOST_MS);
    this.#spent = 0;
    this.#isOn = false;
    while (this.#waiting.size > 0 && this.open) this.#startOne();
    for (const refuse of this.#refusals.splice(0, REFUSALS_A_TURN)) refuse();
    if (this.#waiting.size > 0 || this.#refusals.length > 0) this.#go();
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
    else this.#waiting.set(next, least + width / next.weight);
  }
}
