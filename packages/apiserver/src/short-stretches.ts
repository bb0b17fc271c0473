/** Works items off one after another, and lets the event loop go on with other things every few milliseconds. */
import { myTurn } from "@kubets/machinery/turns";

const LONGEST_STRETCH_MS = 3;
/** The first is short: many may begin in one turn. */
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
