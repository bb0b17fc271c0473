/**
 * Long work in pieces: an iterator that yields between them. `inShortStretches` lets the event loop go on with other things every few milliseconds,
 * `inOneGo` does not.
 */
import { myTurn } from "./turns.ts";

const LONGEST_STRETCH_MS = 3;
/** The first is short: many may begin in one turn. */
const FIRST_STRETCH_MS = 0.5;

/** Gives what the items end with. */
export async function inShortStretches<T, R>(
  items: Iterator<T, R, void>,
  work: (item: T) => void = () => {},
): Promise<R> {
  const breaks = new Breaks();
  for (;;) {
    const item = items.next();
    if (item.done) return item.value;
    work(item.value);
    if (breaks.isDue) await breaks.take();
  }
}

export function inOneGo<R>(items: Iterator<unknown, R, void>): R {
  for (;;) {
    const item = items.next();
    if (item.done) return item.value;
  }
}

/** For work that awaits what may be there at once, which gives nobody a turn: a break is taken between its pieces when it is due. */
export class Breaks {
  #until = performance.now() + FIRST_STRETCH_MS;

  get isDue(): boolean {
    return performance.now() >= this.#until;
  }

  async take(): Promise<void> {
    await myTurn();
    this.#until = performance.now() + LONGEST_STRETCH_MS;
  }
}
