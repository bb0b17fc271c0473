/**
 * One evaluation: the variables that it has read, those of its folds, and what it has spent.
 * Holds: whatever runs for long spends, and so ends at the limit or the deadline, or breaks off at the end of the stretch.
 */
import { goesOn, STEPS_TO_LOOK, stepsLeft, TooLong } from "@kubets/machinery/stretch";
import { CelLimitError } from "./errors.ts";

/** Variables by name: JSON, or what `evaluated` wraps. A getter is called when the variable is first used. */
export type Activation = Readonly<Record<string, unknown>>;

/** Turns of folds between two looks at the clock. */
const TURNS = 64;

export class Frame {
  cost = 0;
  readonly slots: unknown[];
  readonly activation: Activation;
  readonly limit: number;
  /** The limit, or less where the stretch ends before. */
  #last: number;
  /** When to look next: at the last, or before. */
  #bound: number;
  /** What was spent on steps that were counted otherwise. */
  #counted = 0;
  readonly deadline: number | undefined;
  turns = 0;

  /** `slots` are the frame's own from here on. */
  constructor(slots: unknown[], activation: Activation, limit: number, deadline: number | undefined) {
    this.slots = slots;
    this.activation = activation;
    this.limit = limit;
    this.#last = Math.min(limit, stepsLeft());
    this.#bound = Math.min(this.#last, STEPS_TO_LOOK);
    this.deadline = deadline;
  }

  spend(cost: number): void {
    this.cost += cost;
    if (this.cost > this.#bound) this.#look();
  }

  /** Spends what says nothing of the time that it took: its steps were counted. */
  spendCounted(cost: number): void {
    this.#counted += cost;
    this.#last = Math.min(this.limit, this.#last + cost);
    this.spend(cost);
  }

  /** Of what was spent, what is to be counted as steps. */
  get steps(): number {
    return this.cost - this.#counted;
  }

  #look(): void {
    if (this.cost > this.limit) throw new CelLimitError("operation cancelled: actual cost limit exceeded");
    if (this.cost > this.#last || !goesOn()) throw new TooLong();
    this.#bound = Math.min(this.#last, this.cost + STEPS_TO_LOOK);
  }

  /** Called on each turn of a fold. */
  turn(): void {
    if (this.deadline === undefined || ++this.turns % TURNS !== 0) return;
    if (performance.now() > this.deadline) throw new CelLimitError("operation interrupted");
  }
}
