/**
 * Decides what becomes of an event that was told: written anew, counted up in one that exists, or dropped.
 * Holds: the same event (source, object, reason, message) is one Event with a count; the tenth event within ten minutes that differs
 * from the others only in its message, and those after it, are counted in one Event that says so; a source may write 25 events
 * about an object, then one each five minutes. What it remembers is bounded.
 */
import type { Event } from "@kubets/api/generated/types/core-v1";
import type { Draft } from "@kubets/api/meta";
import type { Clock } from "@kubets/machinery";
import { TokenBucket } from "@kubets/machinery/token-bucket";
import { Lru } from "./lru.ts";

/** An Event as it is being made; its other metadata comes from the server. */
export type EventDraft = Draft<Omit<Event, "metadata">> & {
  metadata: { name: string; namespace: string };
};

export interface Correlated {
  readonly event: EventDraft;
  /** Under what it is remembered, for `written`. */
  readonly key: string;
}

interface Written {
  name: string;
  firstTimestamp: Event["firstTimestamp"];
  count: number;
}

interface Similar {
  messages: Set<string>;
  /** On the monotonic clock. */
  last: number;
}

const REMEMBERED = 4096;
const SIMILAR_LIMIT = 10;
const SIMILAR_WITHIN_MS = 600_000;
const BURST = 25;
const PER_SECOND = 1 / 300;
const COMBINED = "(combined from similar events): ";

export class EventCorrelator {
  readonly #clock: Clock;
  readonly #written = new Lru<Written>(REMEMBERED);
  readonly #similar = new Lru<Similar>(REMEMBERED);
  readonly #buckets = new Lru<TokenBucket>(REMEMBERED);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What to write, with its count; nothing when the source says too much. A count above one is a repeat of what was written. */
  correlate(told: EventDraft): Correlated | undefined {
    const combined = this.#combines(told);
    const key = combined ? similarKey(told) : sameKey(told);
    const event = combined ? { ...told, message: COMBINED + told.message } : { ...told };
    const before = this.#written.get(key);
    if (before) {
      event.metadata = { ...event.metadata, name: before.name };
      event.firstTimestamp = before.firstTimestamp;
      event.count = before.count + 1;
    }
    this.written(key, event);
    return this.#bucketOf(told).tryTake() ? { event, key } : undefined;
  }

  /** Remembers what stands in the server now. */
  written(
    key: string,
    {
      metadata: { name },
      firstTimestamp,
      count = 1,
    }: Pick<Event, "firstTimestamp" | "count"> & { metadata: { name: string } },
  ): void {
    this.#written.set(key, { name, firstTimestamp, count });
  }

  #combines(told: EventDraft): boolean {
    const key = similarKey(told);
    const now = this.#clock.monotonic();
    let similar = this.#similar.get(key);
    if (!similar || now - similar.last > SIMILAR_WITHIN_MS) similar = { messages: new Set(), last: now };
    similar.last = now;
    similar.messages.add(told.message ?? "");
    this.#similar.set(key, similar);
    if (similar.messages.size < SIMILAR_LIMIT) return false;
    // It stays at the limit, and does not grow with what is told.
    for (const message of similar.messages) {
      similar.messages.delete(message);
      break;
    }
    return true;
  }

  #bucketOf(told: EventDraft): TokenBucket {
    const key = sourceAndObject(told);
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#clock, { rate: PER_SECOND, burst: BURST });
    this.#buckets.set(key, bucket);
    return bucket;
  }
}

const sourceAndObject = ({ source, involvedObject: { kind, namespace, name, uid, apiVersion } }: EventDraft): string =>
  JSON.stringify([source.component, source.host, kind, namespace, name, uid, apiVersion]);

const similarKey = (told: EventDraft): string =>
  sourceAndObject(told) + JSON.stringify([told.type, told.reason, told.reportingComponent, told.reportingInstance]);

const sameKey = (told: EventDraft): string =>
  sourceAndObject(told) + JSON.stringify([told.involvedObject.fieldPath, told.type, told.reason, told.message]);
