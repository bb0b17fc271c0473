/**
 * The recorder that writes core/v1 Events to the cluster.
 * Holds: recording returns at once and never throws; the order of the events of one object is kept (event-queue.ts).
 */
import { events } from "@kubets/api/generated/refs";
import type { Event, ObjectReference } from "@kubets/api/generated/types/core-v1";
import { isReason } from "@kubets/machinery";
import { formatTime } from "@kubets/machinery/time";
import type { Client } from "./client.ts";
import { type Correlated, EventCorrelator, type EventDraft } from "./event-correlator.ts";
import { EventNames, EventQueue, type EventQueueOptions, sendEvent } from "./event-queue.ts";
import type { EventRecorder, ObjectToldOf } from "./event-recorder.ts";

export interface EventRecorderOptions extends EventQueueOptions {
  readonly client: Pick<Client, "create" | "patch">;
  readonly component: string;
  readonly host?: string;
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

class EventWriter {
  readonly #options: EventRecorderOptions;
  readonly #correlator: EventCorrelator;
  readonly #names: EventNames;
  readonly #queue: EventQueue<EventDraft>;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#correlator = new EventCorrelator(options.clock);
    this.#names = new EventNames(options);
    const objectOf = ({ involvedObject: { kind, namespace, name } }: EventDraft) => `${kind} ${namespace}/${name}`;
    this.#queue = new EventQueue(options, objectOf, (told) => this.#tell(told));
  }

  record(told: Unnamed): void {
    const time = formatTime(this.#options.clock.now());
    const { namespace, name = "" } = told.involvedObject;
    const metadata = { name: this.#names.of(name), namespace: namespace || "default" };
    this.#queue.push({ ...told, metadata, firstTimestamp: time, lastTimestamp: time });
  }

  async #tell(told: EventDraft): Promise<void> {
    const correlated = this.#correlator.correlate(told);
    if (!correlated) return;
    const { event, key } = correlated;
    const send = async () => this.#correlator.written(key, await this.#send(event));
    await sendEvent(send, this.#options, fieldsOf(correlated));
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

const fieldsOf = ({ event }: Pick<Correlated, "event">) => ({
  event: `${event.metadata.namespace}/${event.metadata.name}`,
  reason: event.reason,
});
