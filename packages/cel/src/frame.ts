/**
 * One evaluation: the variables that it has read, those of its folds, and what it has spent.
 * Holds: whatever runs for long spends, and so ends at the limit or the deadline.
 */
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
  readonly deadline: number | undefined;
  turns = 0;

  /** `slots` are the frame's own from here on. */
  constructor(slots: unknown[], activation: Activation, limit: number, deadline: number | undefined) {
    this.slots = slots;
    this.activation = activation;
    this.limit = limit;
    this.deadline = deadline;
  }

  spend(cost: number): void {
    this.cost += cost;
    if (this.cost > this.limit) throw new CelLimitError("operation cancelled: actual cost limit exceeded");
  }

  /** Called on each turn of a fold. */
  turn(): void {
    if (this.deadline === undefined || ++this.turns % TURNS !== 0) return;
    if (performance.now() > this.deadline) throw new CelLimitError("operation interrupted");
  }
}
