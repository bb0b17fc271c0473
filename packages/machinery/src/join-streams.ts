/** Two connections that become one: what comes by either goes out by the other, and so does its end. */
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { readDespiteFailedWrites } from "./failed-writes.ts";

/** So long an ended connection waits for the other side to end, too. */
const LINGER_MS = 5000;

/** When one closes, the other is given the time to send what it has been handed, and closes too. */
export function joinStreams(a: Duplex, b: Duplex): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    if (to instanceof Socket) readDespiteFailedWrites(to);
    from.pipe(to);
    // It closes then.
    from.on("error", () => {});
    from.once("close", () => endOf(to, from));
  }
}

/** What is still said goes nowhere, but is read: the kernel resets a connection that closes on unread bytes, and drops what it had yet to send. */
function endOf(stream: Duplex, other: Duplex): void {
  stream.unpipe(other);
  stream.resume();
  stream.end(() => {
    if (stream.closed) return;
    const timer = setTimeout(() => stream.destroy(), LINGER_MS);
    stream.once("close", () => clearTimeout(timer));
  });
}
