/**
 * Sends large bodies a slice at a time, those of all connections in turn, so that encrypting one never holds up the event loop, and small answers pass
 * by between two slices.
 * Holds: what is written in one turn of the loop takes about `TURN_MS`; of each body no more than one slice waits for a client that reads slowly. The end of a
 * body is small and written when all before it is gone: a client that has the whole answer asks again at once, and Node breaks off an HTTP/1.1 connection
 * on which a request comes while a large write is still on its way.
 */
import type { Writable } from "node:stream";

/** Bodies up to this size go out at once: less than what a socket may hold before it wants to be drained. */
export const AT_ONCE_BYTES = 48 * 1024;
export const SLICE_BYTES = 256 * 1024;
/** The most that ends a body. */
export const END_BYTES = 16 * 1024;
const TURN_MS = 0.5;

interface Transfer {
  readonly to: Pick<Writable, "write" | "end" | "destroyed">;
  readonly parts: readonly Uint8Array[];
  part: number;
  at: number;
}

export class LargeBodies {
  /** Those whose client has taken the slice before. */
  readonly #ready: Transfer[] = [];
  #isDue = false;
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  send(to: Transfer["to"], parts: readonly Uint8Array[]): void {
    this.#goOn({ to, parts: parts.filter(({ length }) => length > 0), part: 0, at: 0 });
  }

  #goOn(transfer: Transfer): void {
    this.#ready.push(transfer);
    this.#again();
  }

  #again(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#turn();
    });
  }

  #turn(): void {
    const began = this.#now();
    do {
      const transfer = this.#ready.shift();
      if (!transfer) return;
      this.#writeSlice(transfer);
    } while (this.#now() - began < TURN_MS);
    if (this.#ready.length) this.#again();
  }

  #writeSlice(transfer: Transfer): void {
    const { to, parts } = transfer;
    const part = parts[transfer.part];
    if (to.destroyed || !part) return;
    const left = part.length - transfer.at;
    const isEnd = transfer.part === parts.length - 1 && left <= END_BYTES;
    const size = transfer.part < parts.length - 1 || isEnd ? left : left - END_BYTES;
    const slice = part.subarray(transfer.at, transfer.at + Math.min(size, SLICE_BYTES));
    transfer.at += slice.length;
    if (transfer.at >= part.length) {
      transfer.part++;
      transfer.at = 0;
    }
    if (isEnd) to.end(slice);
    else to.write(slice, (error) => error ?? this.#goOn(transfer));
  }
}
