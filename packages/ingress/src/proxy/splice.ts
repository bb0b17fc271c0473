/** Two connections that have become one: bytes pass both ways until either ends, or nothing moves for too long. */
import type { Duplex } from "node:stream";
import { joinStreams } from "@kubets/machinery/join-streams";

interface Timed {
  setTimeout?(ms: number, run: () => void): unknown;
}

export function splice(a: Duplex, b: Duplex, idleMs: number): void {
  joinStreams(a, b);
  // Whatever one gets, it hands to the other: one clock is enough.
  (b as Duplex & Timed).setTimeout?.(idleMs, () => {
    a.destroy();
    b.destroy();
  });
}
