/**
 * Events on their way to the server.
 * Holds: those of one object are written one after the other, in order, those of different objects at once; so many wait at most, what
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

export interface EventLimits {
  readonly waiting: number;
  /** Written at the same time. */
  readonly atOnce: number;
}

const LIMITS: EventLimits = { waiting: 1000, atOnce: 16 };
const TRIES = 12;
const RETRY_MS = 10_000;

export class EventQueue<T> {
  readonly #options: EventQueueOptions;
  readonly #objectOf: (item: T) => string;
  readonly #write: (item: T) => Promise<void>;
  readonly #limits: EventLimits;
  readonly #queue = new Fifo<T>();
  /** By the object that is written about just now: what comes after it. */
  readonly #busy = new Map<string, T[]>();
  #waiting = 0;
  #dropped = 0;
  #begins = false;

  /** `objectOf` tells apart the objects that events are about. */
  constructor(
    options: EventQueueOptions,
    objectOf: (item: T) => string,
    write: (item: T) => Promise<void>,
    limits = LIMITS,
  ) {
    this.#options = options;
    this.#objectOf = objectOf;
    this.#write = write;
    this.#limits = limits;
  }

  push(item: T): void {
    const { log, signal } = this.#options;
    if (signal?.aborted) return;
    const limit = this.#limits.waiting;
    if (this.#waiting >= limit) {
      if (this.#dropped++ === 0) log.warn("events are dropped: too many wait to be written", { limit });
      return;
    }
    this.#waiting++;
    this.#queue.push(item);
    if (this.#begins) return;
    this.#begins = true;
    queueMicrotask(() => {
      this.#begins = false;
      this.#begin();
    });
  }

  /** As many as may be written at once. */
  #begin(): void {
    while (this.#busy.size < this.#limits.atOnce) {
      const item = this.#queue.shift();
      if (item === undefined) break;
      const key = this.#objectOf(item);
      const after = this.#busy.get(key);
      if (after) after.push(item);
      else {
        const next: T[] = [];
        this.#busy.set(key, next);
        void this.#writeAbout(key, item, next);
      }
    }
  }

  async #writeAbout(key: string, first: T, next: T[]): Promise<void> {
    for (let item: T | undefined = first; item !== undefined && !this.#options.signal?.aborted; item = next.shift()) {
      this.#waiting--;
      await this.#write(item);
    }
    this.#busy.delete(key);
    if (this.#options.signal?.aborted) return;
    this.#begin();
    if (this.#busy.size > 0 || this.#dropped === 0) return;
    this.#options.log.warn("events were dropped", { count: this.#dropped });
    this.#dropped = 0;
  }
}

/** First in, first out, at a cost that does not grow with what waits. */
class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    if (++this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
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
