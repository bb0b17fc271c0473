/**
 * Events on their way to the server.
 * Holds: those of one object are written one after the other, in order, those of different objects at once; a thousand wait at most, what
 * comes on top is dropped and said in the log; what the server refuses is not tried again, what did not reach it is.
 */
import { type Clock, type Logger, type Random, StatusError, sleep } from "@kubets/machinery";
import { dns1123Subdomain } from "@kubets/machinery/names";

export interface EventQueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Ends the writing; what waits is dropped. */
  readonly signal?: AbortSignal;
}

const QUEUE_LIMIT = 1000;
const AT_ONCE = 16;
const TRIES = 12;
const RETRY_MS = 10_000;

export class EventQueue<T> {
  readonly #options: EventQueueOptions;
  readonly #objectOf: (item: T) => string;
  readonly #write: (item: T) => Promise<void>;
  #queue: T[] = [];
  #writing = false;
  #dropped = 0;

  /** `objectOf` tells apart the objects that events are about. */
  constructor(options: EventQueueOptions, objectOf: (item: T) => string, write: (item: T) => Promise<void>) {
    this.#options = options;
    this.#objectOf = objectOf;
    this.#write = write;
  }

  push(item: T): void {
    const { log, signal } = this.#options;
    if (signal?.aborted) return;
    if (this.#queue.length >= QUEUE_LIMIT) {
      if (this.#dropped++ === 0) log.warn("events are dropped: too many wait to be written", { limit: QUEUE_LIMIT });
      return;
    }
    this.#queue.push(item);
    if (this.#writing) return;
    this.#writing = true;
    void this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    await Promise.resolve();
    while (this.#queue.length > 0 && !this.#options.signal?.aborted)
      await Promise.all(this.#takeApart().map((item) => this.#write(item)));
    this.#writing = false;
    if (this.#dropped) this.#options.log.warn("events were dropped", { count: this.#dropped });
    this.#dropped = 0;
  }

  /** The first event of each of the first few objects in the queue. */
  #takeApart(): T[] {
    const taken = new Map<string, T>();
    let at = 0;
    const left: T[] = [];
    for (; at < this.#queue.length && taken.size < AT_ONCE; at++) {
      const item = this.#queue[at] as T;
      const key = this.#objectOf(item);
      if (taken.has(key)) left.push(item);
      else taken.set(key, item);
    }
    this.#queue = [...left, ...this.#queue.slice(at)];
    return [...taken.values()];
  }
}

/** Sends until the server has answered; an event that it does not take is said in the log. */
export async function sendEvent(
  send: () => Promise<void>,
  { clock, random, log, signal }: EventQueueOptions,
  fields: Readonly<Record<string, unknown>>,
): Promise<void> {
  for (let tried = 1; ; tried++) {
    try {
      await send();
      return;
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof StatusError || tried >= TRIES) {
        log.warn("an event was not written", { ...fields, error });
        return;
      }
      log.debug("an event could not be written; trying again", { ...fields, error });
      // The first wait is random, so that many writers do not come back at once after the server was away.
      const waited = sleep(clock, tried === 1 ? RETRY_MS * random.float() : RETRY_MS, signal);
      if (!(await waited.then(() => true).catch(() => false))) return;
    }
  }
}

/** Names of events: the object's name and the time in nanoseconds as a hex number, no two the same. */
export class EventNames {
  readonly #clock: Clock;
  readonly #random: Random;
  #lastNanos = 0n;

  constructor({ clock, random }: Pick<EventQueueOptions, "clock" | "random">) {
    this.#clock = clock;
    this.#random = random;
  }

  of(object: string): string {
    const now = BigInt(Math.floor(this.#clock.now() * 1000)) * 1000n;
    this.#lastNanos = now > this.#lastNanos ? now : this.#lastNanos + 1n;
    const unique = `${object}.${this.#lastNanos.toString(16)}`;
    return dns1123Subdomain(unique).length === 0 ? unique : this.#random.uuid();
  }
}
