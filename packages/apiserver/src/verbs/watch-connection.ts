/**
 * One open watch: events out to its client, bookmarks each minute, an end after its time. A client that does not read is let go when too much waits
 * for it; it resumes from the last revision that it saw.
 */
import { every, type StatusError, type Timer } from "@kubets/machinery";
import type { Counter, Histogram } from "@kubets/machinery/metrics";
import type { ChunkSink } from "@kubets/wire/http";
import { type ApiCall, storeOf } from "../api-call.ts";
import type { DirectWatch } from "../front/core-exchange.ts";
import { headersOf } from "../respond.ts";
import { type BatchEvent, EventBatch, type EventForm } from "../store/event-batch.ts";
import { deliveries, type Subscriber, type Subscription } from "../store/watch-hub.ts";
import type { ListParameters } from "./list-options.ts";
import { bookmarkObject, errorFrame, eventFormOf, type Framing, streamType } from "./watch-form.ts";
import { watchOverSocket } from "./watch-socket.ts";

const BOOKMARK_MS = 60_000;
/** What may wait for a client that reads slowly. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** How much of the past is written in one go, and how many events of the present may wait behind it. */
const PORTION = 20;
const PORTION_BYTES = 64 * 1024;
const MAX_WAITING_EVENTS = 100_000;

export interface WatchConnection extends Subscriber {
  /** Events from before, however many: they go out as the client reads, and what is delivered meanwhile waits behind them. */
  deliverPast(batch: EventBatch): void;
  /** Tells that everything up to a revision has been sent. */
  bookmark(revision: number): void;
  /** As a bookmark; and that it is all that was there when the watch was asked for, at a time on performance.now()'s clock. */
  endList(revision: number, began: number): void;
  /** The revision up to which everything has been sent. */
  standsAt(revision: number): void;
  /** What comes from there on. */
  follow(subscription: Subscription): void;
  /** Sends an error event and ends. */
  error(error: StatusError): void;
  onEnd(run: () => void): void;
}

export function openWatch(call: ApiCall, options: ListParameters): WatchConnection {
  const { direct, socket } = call.exchange;
  call.free?.();
  if (direct) return new DirectConnection(call, direct.watch(), options);
  if (socket?.upgrade?.protocol === "websocket")
    return new StreamConnection(call, options, watchOverSocket(socket.upgrade), "messages");
  const sink = call.exchange.stream(200, headersOf(call, streamType(call)));
  return new StreamConnection(call, options, sink, "stream");
}

/** What both kinds of connection do alike: time, bookmarks, the end. */
abstract class Connection implements WatchConnection {
  readonly call: ApiCall;
  readonly #sent: Counter;
  readonly #onEnd: (() => void)[] = [];
  readonly #timers: Timer[] = [];
  #ended = false;
  #revision = 0;
  #subscription: Subscription | undefined;
  /** Until its last event is written. */
  #list: { readonly end: EventBatch; readonly began: number } | undefined;

  constructor(call: ApiCall, options: ListParameters) {
    this.call = call;
    this.#sent = call.server.metrics.watches.events(call.info);
    const { clock, stopping, random, options: settings } = call.server;
    if (options.allowBookmarks) this.#timers.push(every(clock, BOOKMARK_MS, () => this.bookmark(this.#newest())));
    const seconds = options.timeoutSeconds || settings.minWatchSeconds * (1 + random.float());
    this.#timers.push(clock.after(seconds * 1000, () => this.end()));
    const stop = () => this.end();
    if (stopping.aborted) queueMicrotask(stop);
    stopping.addEventListener("abort", stop, { once: true });
    this.onEnd(() => stopping.removeEventListener("abort", stop));
  }

  abstract deliver(batch: EventBatch): void;
  abstract deliverPast(batch: EventBatch): void;
  protected abstract close(error: StatusError | undefined): void;

  standsAt(revision: number): void {
    this.#revision = revision;
  }

  follow(subscription: Subscription): void {
    this.#subscription = subscription;
    this.onEnd(() => subscription.stop());
  }

  bookmark(revision: number): void {
    this.deliver(this.#bookmark(revision, false));
  }

  endList(revision: number, began: number): void {
    const batch = this.#bookmark(revision, true);
    this.#list = { end: batch, began };
    this.deliver(batch);
  }

  #bookmark(revision: number, endsList: boolean): EventBatch {
    const batch = new EventBatch();
    batch.add("BOOKMARK", bookmarkObject(this.call.resource.definition, revision, endsList));
    return batch;
  }

  /** Counts what was written. */
  protected wrote(batch: EventBatch): void {
    this.#sent.value += batch.events.length;
    if (batch !== this.#list?.end) return;
    this.call.server.metrics.watches.listed(this.call.info, (performance.now() - this.#list.began) / 1000);
    this.#list = undefined;
  }

  error(error: StatusError): void {
    this.#finish(error);
  }

  onEnd(run: () => void): void {
    if (this.#ended) run();
    else this.#onEnd.push(run);
  }

  end(): void {
    this.#finish(undefined);
  }

  #finish(error: StatusError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const timer of this.#timers) timer.cancel();
    for (const run of this.#onEnd) run();
    this.close(error);
  }

  /** Caches move batch by batch, so whatever they stand at has been delivered, when nothing is owed. */
  #newest(): number {
    this.#subscription?.settle();
    return Math.max(this.#revision, storeOf(this.call).revision);
  }
}

class StreamConnection extends Connection {
  readonly #sink: ChunkSink;
  readonly #framing: Framing;
  readonly #form: EventForm;
  readonly #sizes: Histogram;
  /** Set while the past goes out. */
  #behind: EventBatch[] | undefined;
  #eventsBehind = 0;

  constructor(call: ApiCall, options: ListParameters, sink: ChunkSink, framing: Framing) {
    super(call, options);
    this.#sink = sink;
    this.#framing = framing;
    this.#form = eventFormOf(call, framing);
    this.#sizes = call.server.metrics.watches.sizes(call.info);
    call.exchange.onClose(() => this.end());
  }

  deliver(batch: EventBatch): void {
    if (!this.#behind) {
      this.#write(batch);
      if (this.#sink.pendingBytes > MAX_WAITING_BYTES) this.#letGo();
      return;
    }
    this.#behind.push(batch);
    this.#eventsBehind += batch.events.length;
    if (this.#eventsBehind > MAX_WAITING_EVENTS) this.#letGo();
  }

  deliverPast(batch: EventBatch): void {
    if (batch.events.length <= PORTION) this.#write(batch);
    else {
      this.#behind = [];
      void this.#writePast(batch.events);
    }
  }

  async #writePast(events: readonly BatchEvent[]): Promise<void> {
    for (let at = 0; at < events.length && !this.#sink.closed; ) {
      await Promise.all([this.#sink.drained(), deliveries.turn()]);
      const portion = new EventBatch();
      for (let bytes = 0; at < events.length && bytes < PORTION_BYTES; at++) {
        const { type, object } = events[at] as BatchEvent;
        portion.add(type, object);
        bytes += object.bytes.length;
      }
      this.#write(portion);
    }
    const behind = this.#behind ?? [];
    this.#behind = undefined;
    for (const batch of behind) this.deliver(batch);
  }

  #write(batch: EventBatch): void {
    const frame = batch.frame(this.#form);
    const count = batch.events.length;
    if (count) this.#sizes.observe(frame.bytes.length / count, count);
    this.#sink.write(frame);
    this.wrote(batch);
  }

  #letGo(): void {
    this.call.server.metrics.watches.letGo(this.call.info);
    this.end();
  }

  protected close(error: StatusError | undefined): void {
    if (error) this.#sink.write(errorFrame(this.call, error.status, this.#framing));
    this.#sink.end();
  }
}

class DirectConnection extends Connection {
  readonly #watch: DirectWatch;

  constructor(call: ApiCall, watch: DirectWatch, options: ListParameters) {
    super(call, options);
    this.#watch = watch;
    watch.onStop(() => this.end());
  }

  deliver(batch: EventBatch): void {
    this.#watch.events(batch.events);
    this.wrote(batch);
  }

  deliverPast(batch: EventBatch): void {
    this.deliver(batch);
  }

  protected close(error: StatusError | undefined): void {
    this.#watch.end(error);
  }
}
