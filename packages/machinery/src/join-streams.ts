/** Two connections that become one: what comes by either goes out by the other, and so does its end. */
import type { Duplex } from "node:stream";

/** When one closes, the other is given the time to send what it has been handed, and closes too. */
export function joinStreams(a: Duplex, b: Duplex): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.pipe(to);
    // It closes then.
    from.on("error", () => {});
    from.once("close", () => to.end(() => to.destroy()));
  }
}
