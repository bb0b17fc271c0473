/**
 * Keeps a view in step with a collection of the server, for ever: a list, then a watch, taken up again whenever it ends.
 * Holds: after an end the watch goes on from the last revision heard of (events and bookmarks); only a server that has forgotten that
 * revision makes it list anew. A watch that says nothing for `STALL_MS`, though bookmarks are due each minute, counts as broken. After
 * a failure, or an end without progress, it waits: 800 ms doubling to 30 s, with jitter.
 */
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import { type Clock, type Logger, type Random, StatusError, sleep } from "@kubets/machinery";
import { Backoff } from "@kubets/machinery/backoff";
import { hasObject, type ShardSelector, shardSelectorText } from "@kubets/machinery/shard-selector";
import type { Client, ListOptions, WatchEvent, WatchOptions } from "../client.ts";
import { type InformerOptions, keyOf } from "../informer.ts";
import { listAll } from "../pager.ts";
import type { View } from "./view.ts";
import { type WatchEnd, watchToEnd } from "./watch-to-end.ts";

export interface ReflectorOptions {
  readonly client: Pick<Client, "list" | "watch">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** After so much silence a watch counts as broken. */
const STALL_MS = 150_000;
const BACKOFF = { initialMs: 800, maxMs: 30_000, jitter: 1, resetAfterMs: 120_000 };
/** A watch asks to be ended by the server after 5 to 10 minutes, so that connections spread over servers. */
const WATCH_SECONDS = 300;
/** A watch that ends sooner and told nothing made no progress. */
const SHORT_WATCH_MS = 1000;
const INITIAL_EVENTS_END = "k8s.io/initial-events-end";

export class Reflector<T extends KubeObject> {
  readonly #ref: ResourceRef<T>;
  readonly #view: View<T>;
  readonly #selection: ListOptions;
  readonly #shard: ShardSelector | undefined;
  readonly #options: ReflectorOptions;
  readonly #backoff: Backoff;
  readonly #onSynced: () => void;
  /** The last revision heard of; none before the first list and after "Expired". */
  #revision = "";
  /** Cleared for a server that cannot send a list as a watch. */
  #streams = true;

  constructor(
    ref: ResourceRef<T>,
    view: View<T>,
    { shard, ...selection }: InformerOptions,
    options: ReflectorOptions,
    onSynced: () => void,
  ) {
    this.#ref = ref;
    this.#view = view;
    this.#selection = { ...selection, ...(shard && { shardSelector: shardSelectorText(shard) }) };
    this.#shard = shard;
    this.#options = options;
    this.#backoff = new Backoff(options.clock, options.random, BACKOFF);
    this.#onSynced = onSynced;
  }

  /** Runs until the signal; never rejects. */
  async run(): Promise<void> {
    const { signal, clock } = this.#options;
    while (!signal.aborted) {
      try {
        const waitMs = this.#waitAfter(await this.#attempt());
        if (waitMs > 0) await sleep(clock, waitMs, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  async #attempt(): Promise<WatchEnd> {
    if (this.#revision !== "") return this.#follow();
    return this.#streams ? this.#stream() : this.#list();
  }

  /** The list and the watch in one: the present objects come as events, a bookmark ends them, changes follow. */
  async #stream(): Promise<WatchEnd> {
    const initial = new Map<string, T>();
    let complete = false;
    const end = await this.#watch({ sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" }, (batch) => {
      let at = 0;
      while (!complete && at < batch.length) complete = this.#collect(initial, batch[at++] as WatchEvent<T>);
      if (!complete) return;
      if (at > 0) this.#replace(initial);
      // The watch lives on for minutes; what it began with must not.
      initial.clear();
      this.#apply(at === 0 ? batch : batch.slice(at));
    });
    if (complete) return end;
    this.#revision = "";
    this.#streams = !end.stalled && !isRefusedForm(end.error);
    return this.#streams ? { ...end, progressed: false } : { error: undefined, progressed: true, stalled: end.stalled };
  }

  /** Takes in one of the initial events; true at the bookmark that ends them. */
  #collect(initial: Map<string, T>, { type, object }: WatchEvent<T>): boolean {
    if (type !== "BOOKMARK") {
      if (type === "DELETED") initial.delete(keyOf(object));
      else if (this.#isOurs(object)) initial.set(keyOf(object), object);
    } else if (object.metadata.annotations?.[INITIAL_EVENTS_END] !== "true") throw new NoInitialEvents();
    else {
      this.#revision = object.metadata.resourceVersion;
      return true;
    }
    return false;
  }

  async #list(): Promise<WatchEnd> {
    const { client, clock, signal } = this.#options;
    const giveUp = new AbortController();
    const timer = clock.after(STALL_MS, () => giveUp.abort(new Error("the list was not answered in time")));
    try {
      const list = await listAll(client, this.#ref, {
        ...this.#selection,
        signal: AbortSignal.any([signal, giveUp.signal]),
      });
      this.#revision = list.metadata.resourceVersion;
      const items = list.items.filter((item) => this.#isOurs(item));
      this.#replace(new Map(items.map((item) => [keyOf(item), item])));
      return { error: undefined, progressed: true, stalled: false };
    } catch (error) {
      return { error: error as Error, progressed: false, stalled: false };
    } finally {
      timer.cancel();
    }
  }

  #follow(): Promise<WatchEnd> {
    return this.#watch({ resourceVersion: this.#revision }, (batch) => this.#apply(batch));
  }

  #watch(how: WatchOptions, events: (batch: readonly WatchEvent<T>[]) => void): Promise<WatchEnd> {
    const { client, clock, random, signal } = this.#options;
    const timeoutSeconds = Math.floor(WATCH_SECONDS * (1 + random.float()));
    const options = { ...this.#selection, ...how, allowBookmarks: true, timeoutSeconds, signal };
    const limits = { clock, stallMs: STALL_MS, shortMs: SHORT_WATCH_MS };
    return watchToEnd<T>(
      (sink, stop) => client.watch(this.#ref, { ...options, signal: stop }, sink),
      events,
      signal,
      limits,
    );
  }

  /** Servers may overlook which shard is asked for, and watches do not tell. */
  #isOurs(object: T): boolean {
    return !this.#shard || hasObject(this.#shard, object);
  }

  #replace(objects: ReadonlyMap<string, T>): void {
    this.#view.replace(objects);
    this.#onSynced();
  }

  #apply(batch: readonly WatchEvent<T>[]): void {
    let changed = false;
    for (const { type, object } of batch) {
      this.#revision = object.metadata.resourceVersion;
      if (type === "BOOKMARK" || !this.#isOurs(object)) continue;
      changed = true;
      if (type === "DELETED") this.#view.delete(object);
      else this.#view.set(object);
    }
    if (changed) this.#view.batchEnd();
  }

  /** How long to wait after an attempt, in milliseconds; says in the log what failed. */
  #waitAfter({ error, progressed, stalled }: WatchEnd): number {
    if (this.#options.signal.aborted) return 0;
    const expired = isExpired(error);
    if (expired) this.#revision = "";
    if (expired || stalled || !error) {
      if (stalled) this.#options.log.info("a watch stalled and is taken up again", this.#fields());
      return progressed ? 0 : this.#backoff.next();
    }
    const waitMs = Math.max(this.#backoff.next(), retryAfterMs(error));
    this.#options.log.warn("could not follow a collection; trying again", { ...this.#fields(), error, waitMs });
    return waitMs;
  }

  #fields() {
    return { resource: this.#ref.resource, group: this.#ref.group, revision: this.#revision, ...this.#selection };
  }
}

/** The server has forgotten the revision, or does not have it (yet, or any more, after it was restored from a copy). */
function isExpired(error: Error | undefined): boolean {
  if (!(error instanceof StatusError)) return false;
  if (error.code === 410 || error.reason === "Expired" || error.reason === "Gone") return true;
  return (error.status.details?.causes ?? []).some(({ reason }) => reason === "ResourceVersionTooLarge");
}

/** An old server overlooks sendInitialEvents: its bookmarks come without the end of the list. */
class NoInitialEvents extends Error {
  override readonly name = "NoInitialEvents";
}

/** A server that knows sendInitialEvents but does not do it says that the request is wrong. */
const isRefusedForm = (error: Error | undefined): boolean =>
  error instanceof NoInitialEvents || (error instanceof StatusError && (error.code === 400 || error.code === 422));

const retryAfterMs = (error: Error): number =>
  error instanceof StatusError ? (error.status.details?.retryAfterSeconds ?? 0) * 1000 : 0;
