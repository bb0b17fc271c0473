/**
 * The recorder that writes core/v1 Events to the cluster.
 * Holds: recording returns at once and never throws; events of one object are written one after the other, in order, those of different
 * objects at once; a thousand wait at most, what comes on top is dropped and said in the log; what the server refuses is not tried again, what did not reach it is.
 */
import { events } from "@kubets/api/generated/refs";
import type { Event, ObjectReference } from "@kubets/api/generated/types/core-v1";
import { type Clock, isReason, type Logger, type Random, StatusError, sleep } from "@kubets/machinery";
import { dns1123Subdomain } from "@kubets/machinery/names";
import { formatTime } from "@kubets/machinery/time";
import type { Client } from "./client.ts";
import { type Correlated, EventCorrelator, type EventDraft } from "./event-correlator.ts";
import type { EventRecorder, ObjectToldOf } from "./event-recorder.ts";

export interface EventRecorderOptions {
  readonly client: Pick<Client, "create" | "patch">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly component: string;
  readonly host?: string;
  /** Ends the writing; what waits is dropped. */
  readonly signal?: AbortSignal;
}

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const writer = new EventWriter(options);
  const recorder = (component: string, host: string): EventRecorder => ({
    event: (about, type, reason, message) => writer.record(eventOf(about, type, reason, message, component, host)),
    as: (other, onHost = host) => recorder(other, onHost),
  });
  return recorder(options.component, options.host ?? "");
}

type Unnamed = Omit<EventDraft, "metadata" | "firstTimestamp" | "lastTimestamp">;

function eventOf(
  about: ObjectToldOf,
  type: string,
  reason: string,
  message: string,
  component: string,
  host: string,
): Unnamed {
  return {
    kind: "Event",
    apiVersion: "v1",
    involvedObject: referenceTo(about),
    reason,
    message,
    source: { component, ...(host && { host }) },
    count: 1,
    type,
    reportingComponent: component,
    reportingInstance: host,
  };
}

/** The reference to an object as it stands in events. */
export function referenceTo(about: ObjectToldOf): ObjectReference {
  if (!("metadata" in about)) return about;
  const { kind, apiVersion, metadata } = about;
  const { namespace, name, uid, resourceVersion } = metadata;
  return { kind, ...(namespace && { namespace }), name, uid, apiVersion, resourceVersion };
}

const QUEUE_LIMIT = 1000;
const AT_ONCE = 16;
const TRIES = 12;
const RETRY_MS = 10_000;

class EventWriter {
  readonly #options: EventRecorderOptions;
  readonly #correlator: EventCorrelator;
  #queue: EventDraft[] = [];
  #writing = false;
  #dropped = 0;
  #lastNanos = 0n;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#correlator = new EventCorrelator(options.clock);
  }

  record(told: Unnamed): void {
    const { clock, log, signal } = this.#options;
    if (signal?.aborted) return;
    if (this.#queue.length >= QUEUE_LIMIT) {
      if (this.#dropped++ === 0) log.warn("events are dropped: too many wait to be written", { limit: QUEUE_LIMIT });
      return;
    }
    const time = formatTime(clock.now());
    const metadata = { name: this.#nameOf(told), namespace: told.involvedObject.namespace || "default" };
    this.#queue.push({ ...told, metadata, firstTimestamp: time, lastTimestamp: time });
    if (this.#writing) return;
    this.#writing = true;
    void this.#writeAll();
  }

  /** The object's name and the time in nanoseconds as a hex number, no two the same. */
  #nameOf({ involvedObject: { name = "" } }: Unnamed): string {
    const now = BigInt(Math.floor(this.#options.clock.now() * 1000)) * 1000n;
    this.#lastNanos = now > this.#lastNanos ? now : this.#lastNanos + 1n;
    const unique = `${name}.${this.#lastNanos.toString(16)}`;
    return dns1123Subdomain(unique).length === 0 ? unique : this.#options.random.uuid();
  }

  async #writeAll(): Promise<void> {
    await Promise.resolve();
    while (this.#queue.length > 0 && !this.#options.signal?.aborted)
      await Promise.all(this.#takeApart().map((told) => this.#tell(told)));
    this.#writing = false;
    if (this.#dropped) this.#options.log.warn("events were dropped", { count: this.#dropped });
    this.#dropped = 0;
  }

  /** The first event of each of the first few objects in the queue. */
  #takeApart(): EventDraft[] {
    const taken = new Map<string, EventDraft>();
    let at = 0;
    const left: EventDraft[] = [];
    for (; at < this.#queue.length && taken.size < AT_ONCE; at++) {
      const told = this.#queue[at] as EventDraft;
      const { kind, namespace, name } = told.involvedObject;
      const key = `${kind} ${namespace}/${name}`;
      if (taken.has(key)) left.push(told);
      else taken.set(key, told);
    }
    this.#queue = [...left, ...this.#queue.slice(at)];
    return [...taken.values()];
  }

  async #tell(told: EventDraft): Promise<void> {
    const correlated = this.#correlator.correlate(told);
    if (!correlated) return;
    await this.#write(correlated).catch((error: unknown) =>
      this.#options.log.warn("an event was not written", fieldsOf(correlated, error)),
    );
  }

  async #write({ event, key }: Correlated): Promise<void> {
    const { clock, random, log, signal } = this.#options;
    for (let tried = 1; ; tried++) {
      try {
        this.#correlator.written(key, await this.#send(event));
        return;
      } catch (error) {
        if (signal?.aborted) return;
        if (error instanceof StatusError || tried >= TRIES) throw error;
        log.debug("an event could not be written; trying again", fieldsOf({ event }, error));
        // The first wait is random, so that many writers do not come back at once after the server was away.
        await sleep(clock, tried === 1 ? RETRY_MS * random.float() : RETRY_MS, signal);
      }
    }
  }

  async #send(event: EventDraft): Promise<Event> {
    const { client, signal } = this.#options;
    const { namespace, name } = event.metadata;
    const { count = 1, lastTimestamp, message } = event;
    if (count > 1) {
      try {
        const patch = { type: "strategic", body: { count, lastTimestamp, message } } as const;
        return await client.patch(events, { namespace, name }, patch, signal ? { signal } : {});
      } catch (error) {
        if (!isReason(error, "NotFound")) throw error;
      }
    }
    return client.create(events, event, signal ? { signal } : {});
  }
}

const fieldsOf = ({ event }: Pick<Correlated, "event">, error: unknown) => ({
  event: `${event.metadata.namespace}/${event.metadata.name}`,
  reason: event.reason,
  error,
});
