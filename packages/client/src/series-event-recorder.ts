/**
 * The recorder that writes events.k8s.io/v1 Events, as the scheduler does: what happens again to the same object is a series in the first
 * event, whatever the later notes say.
 * Holds: a series is written when it begins, each half hour while it goes on, and when it has ended; what is remembered is bounded.
 */
import { eventsEventsV1 } from "@kubets/api/generated/refs";
import type { Event } from "@kubets/api/generated/types/events-v1";
import { isReason, type Timer } from "@kubets/machinery";
import { formatMicroTime } from "@kubets/machinery/time";
import type { Client } from "./client.ts";
import { referenceTo } from "./cluster-event-recorder.ts";
import { type EventLimits, EventNames, EventQueue, type EventQueueOptions, sendEvent } from "./event-queue.ts";
import type { EventDetails, EventRecorder, ObjectToldOf } from "./event-recorder.ts";

export interface SeriesRecorderOptions extends EventQueueOptions {
  readonly client: Pick<Client, "create" | "patch">;
  readonly component: string;
  /** The machine. */
  readonly host: string;
}

interface Series {
  readonly key: string;
  readonly event: Omit<Event, "deprecatedSource">;
  count: number;
  /** On the wall clock, as it is written. */
  last: number;
  /** How much of it was written, and when. */
  written: number;
  writtenAt: number;
}

const REMEMBERED = 4096;
/**
 * A scheduler tells one event of each pod, faster than a server takes them beside the bindings. They all come, but not in the way of these: of
 * what the server has to do at such times a few are events, and the rest comes when there is less to do.
 */
const LIMITS: EventLimits = { waiting: 100_000, atOnce: 4 };
const ENDED_AFTER_MS = 6 * 60_000;
const WRITTEN_EACH_MS = 30 * 60_000;

export function createSeriesRecorder(options: SeriesRecorderOptions): EventRecorder {
  const writer = new SeriesWriter(options);
  const recorder = (component: string, host: string): EventRecorder => ({
    event: (about, type, reason, note, more) => writer.record({ about, type, reason, note, component, host, ...more }),
    as: (other, onHost = host) => recorder(other, onHost),
  });
  return recorder(options.component, options.host);
}

interface Told extends Partial<EventDetails> {
  readonly about: ObjectToldOf;
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly component: string;
  readonly host: string;
}

class SeriesWriter {
  readonly #options: SeriesRecorderOptions;
  readonly #series = new Map<string, Series>();
  readonly #names: EventNames;
  readonly #queue: EventQueue<Series>;
  #look: Timer | undefined;

  constructor(options: SeriesRecorderOptions) {
    this.#options = options;
    this.#names = new EventNames(options);
    this.#queue = new EventQueue(
      options,
      ({ key }) => key,
      (series) => this.#write(series),
      LIMITS,
    );
    options.signal?.addEventListener("abort", () => this.#look?.cancel(), { once: true });
  }

  record(told: Told): void {
    const now = this.#options.clock.now();
    const { about, type, reason, note, component, host, action = reason, related } = told;
    const regarding = referenceTo(about);
    const relatedTo = related && referenceTo(related);
    const key = JSON.stringify([action, reason, component, host, regarding.uid, regarding, relatedTo], withoutVersion);
    const known = this.#series.get(key);
    if (known) {
      known.count++;
      known.last = now;
      if (known.count === 2) this.#queue.push(known);
      return;
    }
    const event = {
      kind: "Event",
      apiVersion: "events.k8s.io/v1",
      metadata: { name: this.#names.of(regarding.name ?? ""), namespace: regarding.namespace || "default" },
      eventTime: formatMicroTime(now),
      reportingController: component,
      reportingInstance: `${component}-${host}`,
      action,
      reason,
      regarding,
      ...(relatedTo && { related: relatedTo }),
      note,
      type,
    } as Series["event"];
    const series = { key, event, count: 1, last: now, written: 0, writtenAt: now };
    this.#series.set(key, series);
    if (this.#series.size > REMEMBERED) this.#series.delete(this.#series.keys().next().value as string);
    this.#queue.push(series);
    this.#lookLater();
  }

  #lookLater(): void {
    const { clock, signal } = this.#options;
    if (this.#look || this.#series.size === 0 || signal?.aborted) return;
    this.#look = clock.after(ENDED_AFTER_MS, () => {
      this.#look = undefined;
      this.#lookThrough(clock.now());
      this.#lookLater();
    });
  }

  /** Writes what has gone on, and forgets what has ended. */
  #lookThrough(now: number): void {
    for (const series of this.#series.values()) {
      const hasEnded = now - series.last >= ENDED_AFTER_MS;
      const isDue = hasEnded || now - series.writtenAt >= WRITTEN_EACH_MS;
      if (isDue && series.count > series.written) this.#queue.push(series);
      if (hasEnded) this.#series.delete(series.key);
    }
  }

  async #write(series: Series): Promise<void> {
    const { metadata, reason } = series.event;
    await sendEvent(() => this.#send(series), this.#options, {
      event: `${metadata.namespace}/${metadata.name}`,
      reason,
    });
  }

  async #send(series: Series): Promise<void> {
    const { event, count, last } = series;
    const { client, clock, signal } = this.#options;
    const { namespace, name } = event.metadata;
    const options = signal ? { signal } : {};
    const more = count > 1 ? { series: { count, lastObservedTime: formatMicroTime(last) } } : {};
    if (series.written > 0) {
      try {
        await client.patch(eventsEventsV1, { namespace, name }, { type: "strategic", body: more }, options);
        noteWritten();
        return;
      } catch (error) {
        if (!isReason(error, "NotFound")) throw error;
      }
    }
    await client.create(eventsEventsV1, { ...event, ...more }, options);
    noteWritten();

    function noteWritten(): void {
      series.written = count;
      series.writtenAt = clock.now();
    }
  }
}

/** The same object in another version is the same. */
const withoutVersion = (key: string, value: unknown): unknown => (key === "resourceVersion" ? undefined : value);
