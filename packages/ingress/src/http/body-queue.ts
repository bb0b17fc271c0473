/** A body on its way: what comes before anybody reads it, or while the reader waits, is kept in order, and its producer told to wait. */
import type { BodyHandlers, BodySource, Headers } from "./message.ts";

/** Who can hold the bytes back at their origin. */
interface Producer {
  hold(): void;
  release(): void;
}

export class BodyQueue implements BodySource {
  readonly #producer: Producer;
  #handlers: BodyHandlers | undefined;
  #waiting: Buffer[] = [];
  #paused = true;
  #held = false;
  #end: Headers | "failed" | undefined;
  #told = false;

  constructor(producer: Producer) {
    this.#producer = producer;
  }

  push(chunk: Buffer): void {
    if (!this.#paused) this.#handlers?.data(chunk);
    else {
      this.#waiting.push(chunk);
      this.#hold();
    }
  }

  end(trailers: Headers): void {
    this.#end ??= trailers;
    this.#tellEnd();
  }

  fail(): void {
    if (this.#end !== undefined) return;
    this.#end = "failed";
    this.#waiting = [];
    this.#paused = false;
    this.#tellEnd();
  }

  flow(handlers: BodyHandlers): void {
    this.#handlers = handlers;
    this.resume();
  }

  pause(): void {
    this.#paused = true;
    if (this.#end === undefined) this.#hold();
  }

  resume(): void {
    if (!this.#handlers) return;
    this.#paused = false;
    while (this.#waiting.length > 0 && !this.#paused) this.#handlers.data(this.#waiting.shift() as Buffer);
    if (this.#paused) return;
    this.#tellEnd();
    if (!this.#held) return;
    this.#held = false;
    this.#producer.release();
  }

  #hold(): void {
    if (this.#held) return;
    this.#held = true;
    this.#producer.hold();
  }

  #tellEnd(): void {
    if (this.#told || this.#end === undefined || !this.#handlers || this.#paused || this.#waiting.length > 0) return;
    this.#told = true;
    if (this.#end === "failed") this.#handlers.failed();
    else this.#handlers.end(this.#end);
  }
}
