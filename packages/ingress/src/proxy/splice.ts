/** Two connections that have become one: bytes pass both ways until either ends, or nothing moves for too long. */
import type { Duplex } from "node:stream";

interface Timed {
  setTimeout?(ms: number, run: () => void): unknown;
}

export function splice(a: Duplex, b: Duplex, idleMs: number): void {
  const end = () => {
    a.destroy();
    b.destroy();
  };
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    one.on("error", end).on("close", end);
    one.pipe(other);
  }
  // Whatever one gets, it hands to the other: one clock is enough.
  (b as Duplex & Timed).setTimeout?.(idleMs, end);
}
