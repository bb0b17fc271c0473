/**
 * Sends large bodies a slice at a time, those of all connections in turn, so that encrypting one never holds up the event loop, and small answers pass
 * by between two slices.
 * Holds: what is written in one turn of the loop takes about `TURN_MS`; of each body no more than one slice waits for a client that reads slowly, and few slices
 * are on their way at once: the loop goes on with all whose client has read something in one turn. The end of a
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
export const MOST_ON_THEIR_WAY = 4;
/** A client that has not taken a slice by then is a slow one, and holds up nobody. */
export const SLOW_MS = 20;

interface Transfer {
  readonly to: Pick<Writable, "write" | "end" | "destroyed">;
  readonly parts: readonly Uint8Array[];
  part: number;
  at: number;
}

export class LargeBodies {
  /** Those whose client has taken the slice before. */
  readonly #ready: Transfer[] = [];
  /** Those whose slice is on its way, the oldest first, and since when. */
  readonly #onTheirWay = new Map<Transfer, number>();
  #isDue = false;
  #isWaiting = false;
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
      if (!this.#hasRoom(began)) return this.#againLater();
      const transfer = this.#ready.shift();
      if (!transfer) return;
      this.#writeSlice(transfer, began);
    } while (this.#now() - began < TURN_MS);
    if (this.#ready.length) this.#again();
  }

  #hasRoom(now: number): boolean {
    if (this.#onTheirWay.size < MOST_ON_THEIR_WAY) return true;
    for (const [oldest, since] of this.#onTheirWay) return now - since >= SLOW_MS && this.#onTheirWay.delete(oldest);
    return false;
  }

  /** When one that is on its way may have shown to be slow. */
  #againLater(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    setTimeout(() => {
      this.#isWaiting = false;
      this.#again();
    }, SLOW_MS).unref();
  }

  #writeSlice(transfer: Transfer, now: number): void {
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
    if (isEnd) return void to.end(slice);
    this.#onTheirWay.set(transfer, now);
    to.write(slice, (error) => {
      this.#onTheirWay.delete(transfer);
      if (error) this.#again();
      else this.#goOn(transfer);
    });
  }
}
