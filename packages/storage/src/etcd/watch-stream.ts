/**
 * All watches of one process over one stream of etcd's Watch call.
 * Holds: when the stream is lost, it is opened again (at another member) and each watch goes on behind what it has
 * delivered: nothing is lost, nothing comes twice. `upTo` is only what etcd has surely sent everything of.
 */
import { type Clock, sleep, type Timer } from "@kubets/machinery/clock";
import { type Event, EventEventType, Watch, type WatchRequest, type WatchResponse } from "@kubets/wire/generated/etcd";
import type { GrpcStream } from "@kubets/wire/grpc";
import type { Change, WatchEnd, WatchHandle, WatchSink } from "../storage.ts";
import { guarded } from "../watchers.ts";
import type { Endpoints } from "./endpoints.ts";
import { entryOf, etcdRange, keyText } from "./keys.ts";

interface Watcher {
  readonly id: number;
  readonly prefix: string;
  readonly sink: WatchSink;
  /** Everything up to here has been delivered. */
  seen: number;
  /** Parts of a response that etcd sends in several. */
  parts: Event[];
  /** etcd's revision when it created this watch on the present stream; undefined before. */
  createdAt: number | undefined;
  /** So many progress answers at `createdAt` may be older than the watch, and say nothing about it. */
  stale: number;
}

/** etcd's watch id in a progress answer that is for the whole stream. */
const WHOLE_STREAM = -1;
/** How often progress is asked for while someone waits for it. */
const PROGRESS_PERIOD_MS = 100;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 1000;
/** Makes a member that lost its leader end the stream instead of leaving it silent. */
const REQUIRE_LEADER = { hasleader: "true" };

export class WatchStream {
  readonly #endpoints: Endpoints;
  readonly #clock: Clock;
  readonly #believeProgress: boolean;
  readonly #watchers = new Map<number, Watcher>();
  readonly #closed = new AbortController();
  #call: GrpcStream<WatchRequest, WatchResponse> | undefined;
  #running = false;
  #lastId = 0;
  /** Progress requests of the present stream that may still be answered. */
  #unanswered = 0;
  #wantedProgress = 0;
  #progressTimer: Timer | undefined;

  constructor(endpoints: Endpoints, clock: Clock, believeProgress: boolean) {
    this.#endpoints = endpoints;
    this.#clock = clock;
    this.#believeProgress = believeProgress;
  }

  watch(prefix: string, after: number, sink: WatchSink): WatchHandle {
    const watcher: Watcher = {
      id: ++this.#lastId,
      prefix,
      sink,
      seen: after,
      parts: [],
      createdAt: undefined,
      stale: 0,
    };
    this.#watchers.set(watcher.id, watcher);
    if (!this.#running) void this.#run();
    else if (this.#call) this.#create(this.#call, watcher);
    return { stop: () => this.#stop(watcher) };
  }

  /** Sees to it that every watch tells soon that it has got as far as this. */
  wantProgress(revision: number): void {
    if (!this.#believeProgress || this.#closed.signal.aborted) return;
    this.#wantedProgress = Math.max(this.#wantedProgress, revision);
    if (!this.#progressTimer) this.#askProgress();
  }

  close(): void {
    this.#closed.abort(new Error("closed"));
    this.#progressTimer?.cancel();
    for (const watcher of this.#watchers.values()) this.#end(watcher, { why: "stopped" });
    this.#call?.cancel();
  }

  /** Keeps a stream open as long as there is a watch. */
  async #run(): Promise<void> {
    this.#running = true;
    let pause = FIRST_PAUSE_MS;
    while (this.#watchers.size > 0) {
      const { client, place } = this.#endpoints.current;
      try {
        const call = await client.stream(Watch.watch, { metadata: REQUIRE_LEADER, signal: this.#closed.signal });
        this.#call = call;
        for (const watcher of this.#watchers.values()) this.#create(call, watcher);
        for await (const response of call) {
          pause = FIRST_PAUSE_MS;
          if (!this.#take(response)) break;
        }
      } catch {
        // Whatever it was: the watches go on elsewhere, and only they can tell that history is gone.
      }
      this.#call?.cancel();
      this.#call = undefined;
      this.#unanswered = 0;
      for (const watcher of this.#watchers.values()) {
        watcher.parts = [];
        watcher.createdAt = undefined;
      }
      if (this.#closed.signal.aborted || this.#watchers.size === 0) break;
      this.#endpoints.moveOn(place);
      await sleep(this.#clock, pause, this.#closed.signal).catch(() => {});
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
    this.#running = false;
  }

  #create(call: GrpcStream<WatchRequest, WatchResponse>, watcher: Watcher): void {
    const createRequest = {
      ...etcdRange(watcher.prefix),
      startRevision: watcher.seen + 1,
      watchId: watcher.id,
      prevKv: true,
      progressNotify: true,
      fragment: true,
    };
    send(call, { createRequest });
  }

  /** Answers false when the stream must be opened anew. */
  #take(response: WatchResponse): boolean {
    const id = Number(response.watchId);
    const revision = Number(response.header?.revision ?? 0);
    if (id === WHOLE_STREAM) {
      this.#unanswered = Math.max(0, this.#unanswered - 1);
      for (const watcher of this.#watchers.values()) this.#streamProgressed(watcher, revision);
      return true;
    }
    const watcher = this.#watchers.get(id);
    if (!watcher) return true;
    if (response.canceled) return this.#canceled(watcher, response);
    if (response.events.length > 0) this.#deliver(watcher, response);
    else if (!response.created) this.#progressed(watcher, revision);
    if (response.created) {
      watcher.createdAt = revision;
      watcher.stale = this.#unanswered;
    }
    return true;
  }

  #canceled(watcher: Watcher, { compactRevision, cancelReason }: WatchResponse): boolean {
    if (Number(compactRevision) > 0) this.#end(watcher, { why: "compacted" });
    else if (/no leader/.test(cancelReason)) return false;
    else this.#end(watcher, { why: "lost", cause: new Error(`etcd ended the watch: ${cancelReason}`) });
    return true;
  }

  #deliver(watcher: Watcher, { events, fragment }: WatchResponse): void {
    watcher.parts = watcher.parts.length > 0 ? watcher.parts.concat(events) : [...events];
    if (fragment) return;
    const { parts, seen } = watcher;
    watcher.parts = [];
    const changes: Change[] = [];
    for (const event of parts) {
      const revision = Number(event.kv?.modRevision ?? 0);
      if (revision <= seen) continue;
      changes.push(changeOf(event));
      // Not the header's revision: etcd may have more between this response and that.
      watcher.seen = revision;
    }
    if (changes.length > 0) guarded(() => watcher.sink.changes(changes, watcher.seen));
  }

  /** An answer for the whole stream counts for a watch only if it was surely given after the watch was created. */
  #streamProgressed(watcher: Watcher, revision: number): void {
    if (watcher.createdAt === undefined || revision < watcher.createdAt) return;
    if (revision === watcher.createdAt && watcher.stale > 0) watcher.stale--;
    else this.#progressed(watcher, revision);
  }

  #progressed(watcher: Watcher, revision: number): void {
    if (!this.#believeProgress || revision <= watcher.seen || watcher.parts.length > 0) return;
    watcher.seen = revision;
    guarded(() => watcher.sink.changes([], revision));
  }

  #askProgress(): void {
    this.#progressTimer = undefined;
    const waiting = [...this.#watchers.values()].some((watcher) => watcher.seen < this.#wantedProgress);
    if (!waiting) return;
    if (this.#call) {
      this.#unanswered++;
      send(this.#call, { progressRequest: {} });
    }
    this.#progressTimer = this.#clock.after(PROGRESS_PERIOD_MS, () => this.#askProgress());
  }

  #stop(watcher: Watcher): void {
    if (!this.#watchers.delete(watcher.id)) return;
    if (!this.#call) return;
    if (this.#watchers.size === 0) {
      this.#call.cancel();
      this.#call = undefined;
    } else send(this.#call, { cancelRequest: { watchId: watcher.id } });
  }

  #end(watcher: Watcher, reason: WatchEnd): void {
    if (this.#watchers.delete(watcher.id)) guarded(() => watcher.sink.closed(reason));
  }
}

/** A write that fails says nothing that the reading side does not also say. */
function send(call: GrpcStream<WatchRequest, WatchResponse>, request: Parameters<typeof call.write>[0]): void {
  call.write(request).catch(() => {});
}

function changeOf({ type, kv, prevKv }: Event): Change {
  if (!kv) throw new Error("etcd sent an event without a key");
  const previous = prevKv && entryOf(prevKv);
  if (type === EventEventType.DELETE)
    return { type: "delete", key: keyText(kv.key), revision: Number(kv.modRevision), previous };
  return { type: "put", entry: entryOf(kv), previous };
}
