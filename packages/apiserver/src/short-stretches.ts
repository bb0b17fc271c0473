/** Works items off one after another, and lets the event loop go on with other things every few milliseconds. */
import { myTurn } from "@kubets/machinery/turns";

const LONGEST_STRETCH_MS = 3;

/** Gives what the items end with. */
export async function inShortStretches<T, R>(
  items: Iterator<T, R, void>,
  work: (item: T) => void = () => {},
): Promise<R> {
  let began = performance.now();
  for (;;) {
    const item = items.next();
    if (item.done) return item.value;
    work(item.value);
    if (performance.now() - began < LONGEST_STRETCH_MS) continue;
    await myTurn();
    began = performance.now();
  }
}
