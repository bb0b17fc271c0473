/**
 * Long work in pieces: an iterator that yields between them. `inShortStretches` lets the event loop go on with other things every few milliseconds,
 * `inOneGo` does not.
 */
import { myTurn } from "./turns.ts";

const LONGEST_STRETCH_MS = 3;
/** The first is short: many may begin in one turn of the loop. */
const FIRST_STRETCH_MS = 0.5;

/** Gives what the items end with. */
export async function inShortStretches<T, R>(
  items: Iterator<T, R, void>,
  work: (item: T) => void = () => {},
): Promise<R> {
  let until = performance.now() + FIRST_STRETCH_MS;
  for (;;) {
    const item = items.next();
    if (item.done) return item.value;
    work(item.value);
    if (performance.now() < until) continue;
    await myTurn();
    until = performance.now() + LONGEST_STRETCH_MS;
  }
}

export function inOneGo<R>(items: Iterator<unknown, R, void>): R {
  for (;;) {
    const item = items.next();
    if (item.done) return item.value;
  }
}

/** For work that awaits what may be there at once, which gives nobody a turn: `due` is called between its pieces. */
export class Breaks {
  #began = performance.now();

  async due(): Promise<void> {
    if (performance.now() - this.#began < LONGEST_STRETCH_MS) return;
    await myTurn();
    this.#began = performance.now();
  }
}
