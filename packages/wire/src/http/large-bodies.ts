/**
 * Sends large bodies a slice at a time, those of all connections in turn, so that encrypting one never holds up the event loop, and small answers pass
 * by between two slices.
 * Holds: what is written in one turn of the loop takes about `TURN_MS`; of each body no more than one slice waits for a client that reads slowly.
 */
import type { Writable } from "node:stream";

/** Bodies up to this size go out at once. */
export const SLICE_BYTES = 256 * 1024;
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
    this.#goOn({ to, parts, part: 0, at: 0 });
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
    if (to.destroyed) return;
    if (!part) {
      to.end();
      return;
    }
    const slice = part.subarray(transfer.at, transfer.at + SLICE_BYTES);
    transfer.at += slice.length;
    if (transfer.at >= part.length) {
      transfer.part++;
      transfer.at = 0;
    }
    // Empty slices are nobody's to take.
    if (slice.length === 0) this.#goOn(transfer);
    else to.write(slice, (error) => error ?? this.#goOn(transfer));
  }
}
