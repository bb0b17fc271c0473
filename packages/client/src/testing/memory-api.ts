/**
 * A tiny server in memory, only for the client's own tests: objects of any kind with revisions, lists in pages, watches, and a history
 * that can be compacted. It has no defaults, validation or admission; those are the API server's.
 * It can misbehave on demand: watches that break, end, or fall silent, requests that fail, a past that is forgotten.
 */
import type { Draft, KubeObject } from "@kubets/api/meta";
import { alreadyExists, conflict, notFound, StatusError } from "@kubets/machinery";
import { parseJson } from "@kubets/machinery/json";
import type { JsonValue } from "@kubets/machinery/json-value";
import { applyMergePatch } from "@kubets/machinery/merge-patch";
import type { ApiRequest, ApiResponse, Transport, TransportWatchSink } from "../transport.ts";
import { ByteStream, bytesResponse, errorResponse, objectResponse, parsePath, type Target } from "./memory-http.ts";

export interface MemoryApiOptions {
  /** Hands out its own objects and offers `watch`, as the in-process transport does. */
  readonly inProcess?: boolean;
  /** False: refuses sendInitialEvents, as servers without it do; "overlooked": as those do that do not know it. */
  readonly streamsLists?: boolean | "overlooked";
  /** True: says "Expired" in an event of an accepted watch; else in the answer. */
  readonly expiresInStream?: boolean;
}

interface Event {
  readonly type: string;
  readonly object: KubeObject;
}

interface Entry extends Event {
  readonly collection: string;
  readonly revision: number;
}

interface Watcher {
  readonly target: Target;
  readonly sink: TransportWatchSink;
  pending: Event[];
  silent: boolean;
}

export class MemoryApi implements Transport {
  readonly takesObjects: boolean;
  readonly watch?: NonNullable<Transport["watch"]>;
  /** Every request, as "GET /api/v1/pods?limit=500". */
  readonly requests: string[] = [];
  /** Bodies of the requests that had one. */
  readonly bodies: unknown[] = [];
  readonly #options: MemoryApiOptions;
  readonly #objects = new Map<string, KubeObject>();
  readonly #snapshots = new Map<string, KubeObject[]>();
  readonly #watchers = new Set<Watcher>();
  readonly #faults: Error[] = [];
  #history: Entry[] = [];
  #revision = 0;
  #compacted = 0;

  constructor(options: MemoryApiOptions = {}) {
    this.#options = options;
    this.takesObjects = options.inProcess ?? false;
    if (options.inProcess) this.watch = (request, sink) => this.#watchObjects(request, sink);
  }

  get revision(): number {
    return this.#revision;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /** The next request fails: by a refusal (StatusError) or without an answer. */
  failNext(...errors: Error[]): void {
    this.#faults.push(...errors);
  }

  /** Forgets what was: older revisions expire. */
  compact(): void {
    this.#compacted = this.#revision;
    this.#history = [];
    this.#snapshots.clear();
  }

  /** Ends all watches; without an error as a server does when their time is over. */
  endWatches(error?: Error): void {
    for (const watcher of this.#watchers) this.#end(watcher, error);
  }

  /** The watches that are open say nothing more, nor end. */
  silenceWatches(): void {
    for (const watcher of this.#watchers) watcher.silent = true;
  }

  bookmark(): void {
    for (const watcher of this.#watchers)
      this.#send(watcher, { type: "BOOKMARK", object: this.#bookmarkOf(watcher.target) });
  }

  async request(request: ApiRequest): Promise<ApiResponse> {
    this.requests.push(`${request.method} ${request.path}`);
    const body = request.object ?? (request.body && parseJson(request.body));
    if (body !== undefined) this.bodies.push(body);
    request.signal?.throwIfAborted();
    await Promise.resolve();
    try {
      const fault = this.#faults.shift();
      if (fault) throw fault;
      return this.#answer(parsePath(request.path), request, body);
    } catch (error) {
      if (error instanceof StatusError) return errorResponse(error);
      throw error;
    }
  }

  close(): void {
    this.endWatches();
  }

  #answer(target: Target, { method, signal }: ApiRequest, body: unknown): ApiResponse {
    if (target.query.get("watch") === "true") return this.#watchLines(target, signal);
    if (method === "GET" && !target.name) return this.#respond(this.#list(target));
    if (method === "GET") return this.#respond(this.#find(target));
    if (method === "POST") return this.#respond(this.#create(target, body as KubeObject), 201);
    if (method === "DELETE") return this.#respond(this.#delete(target, body as Record<string, unknown> | undefined));
    const old = this.#objects.get(target.key);
    if (method === "PATCH" && !old && target.query.has("fieldManager"))
      return this.#respond(this.#create(target, body as KubeObject), 201);
    const changed =
      method === "PATCH"
        ? (applyMergePatch(this.#find(target) as unknown as JsonValue, body as JsonValue) as unknown as KubeObject)
        : (body as KubeObject);
    return this.#respond(this.#update(target, changed));
  }

  #respond(object: unknown, status = 200): ApiResponse {
    return this.#options.inProcess ? objectResponse(object, status) : bytesResponse(object, status);
  }

  #find(target: Target): KubeObject {
    const found = this.#objects.get(target.key);
    if (!found) throw notFound(target, target.name);
    return found;
  }

  #create(target: Target, object: KubeObject): KubeObject {
    if (target.subresource) return object;
    const { namespace, generateName } = object.metadata;
    const name = object.metadata.name || `${generateName ?? ""}${this.#revision + 1}`;
    const key = `${target.collection}|${namespace ?? ""}/${name}`;
    if (this.#objects.has(key)) throw alreadyExists(target, name);
    const uid = object.metadata.uid ?? `uid-${this.#revision + 1}`;
    return this.#commit("ADDED", target.collection, key, { ...object, metadata: { ...object.metadata, name, uid } });
  }

  #update(target: Target, object: KubeObject): KubeObject {
    const old = this.#find(target);
    const { resourceVersion } = object.metadata;
    if (resourceVersion && resourceVersion !== old.metadata.resourceVersion)
      throw conflict(target, target.name, "the object has been modified");
    return this.#commit("MODIFIED", target.collection, target.key, {
      ...object,
      metadata: { ...object.metadata, uid: old.metadata.uid },
    });
  }

  #delete(target: Target, options: Record<string, unknown> | undefined): KubeObject {
    const old = this.#find(target);
    const { uid } = (options?.preconditions ?? {}) as { uid?: string };
    if (uid && uid !== old.metadata.uid)
      throw conflict(target, target.name, "Precondition failed: the UID in the precondition differs");
    return this.#commit("DELETED", target.collection, target.key, old);
  }

  #commit(type: string, collection: string, key: string, object: KubeObject): KubeObject {
    const revision = ++this.#revision;
    const stored = structuredClone(object) as Draft<KubeObject>;
    stored.metadata.resourceVersion = String(revision);
    if (type === "DELETED") this.#objects.delete(key);
    else this.#objects.set(key, stored);
    const entry = { type, collection, revision, object: stored };
    this.#history.push(entry);
    for (const watcher of this.#watchers) if (concerns(watcher.target, entry)) this.#send(watcher, entry);
    return stored;
  }

  #list(target: Target): unknown {
    const limit = Number(target.query.get("limit") ?? 0);
    const [revision = "", from = "0"] = (target.query.get("continue") ?? `${this.#revision}:0`).split(":");
    const items = from === "0" ? this.#present(target) : this.#snapshots.get(revision);
    if (!items) throw expired("The provided continue parameter is too old");
    const end = limit ? Number(from) + limit : items.length;
    if (end < items.length) this.#snapshots.set(revision, items);
    const metadata = { resourceVersion: revision, ...(end < items.length && { continue: `${revision}:${end}` }) };
    return { kind: "List", apiVersion: "v1", metadata, items: items.slice(Number(from), end) };
  }

  #present(target: Target): KubeObject[] {
    const found: KubeObject[] = [];
    for (const [key, object] of this.#objects)
      if (concerns(target, { collection: key.slice(0, key.indexOf("|")), object })) found.push(object);
    return found;
  }

  /** What a watch begins with. */
  #begin(target: Target): Event[] {
    if (target.query.get("sendInitialEvents") === "true" && this.#options.streamsLists !== "overlooked") {
      if (this.#options.streamsLists === false)
        throw new StatusError({ code: 422, reason: "Invalid", message: "sendInitialEvents: Forbidden" });
      const end = this.#bookmarkOf(target, { "k8s.io/initial-events-end": "true" });
      return [...this.#present(target).map((object) => ({ type: "ADDED", object })), { type: "BOOKMARK", object: end }];
    }
    const from = Number(target.query.get("resourceVersion") ?? this.#revision);
    if (from < this.#compacted) throw expired(`too old resource version: ${from} (${this.#compacted})`);
    return this.#history.filter((entry) => entry.revision > from && concerns(target, entry));
  }

  #bookmarkOf({ kind, apiVersion }: Target, annotations?: Record<string, string>): KubeObject {
    const metadata = { resourceVersion: String(this.#revision), ...(annotations && { annotations }) };
    return { kind, apiVersion, metadata } as KubeObject;
  }

  async #watchObjects(request: ApiRequest, sink: TransportWatchSink): Promise<{ stop(): void }> {
    this.requests.push(`WATCH ${request.path}`);
    await Promise.resolve();
    const fault = this.#faults.shift();
    if (fault) throw fault;
    const target = parsePath(request.path);
    const watcher = this.#addWatcher(target, sink, this.#begin(target));
    return { stop: () => this.#watchers.delete(watcher) };
  }

  #watchLines(target: Target, signal: AbortSignal | undefined): ApiResponse {
    const stream = new ByteStream();
    let begin: Event[];
    try {
      begin = this.#begin(target);
    } catch (error) {
      if (!this.#options.expiresInStream || !(error instanceof StatusError) || error.code !== 410) throw error;
      stream.write([{ type: "ERROR", object: error.status }]);
      stream.end();
      return stream.response();
    }
    const sink = {
      events: (batch: readonly unknown[]) => stream.write(batch),
      closed: (error?: Error) => stream.end(error),
    };
    const watcher = this.#addWatcher(target, sink, begin);
    signal?.addEventListener("abort", () => {
      this.#watchers.delete(watcher);
      stream.end(signal.reason as Error);
    });
    return stream.response();
  }

  #addWatcher(target: Target, sink: TransportWatchSink, begin: readonly Event[]): Watcher {
    const watcher: Watcher = { target, sink, pending: [], silent: false };
    this.#watchers.add(watcher);
    for (const event of begin) this.#send(watcher, event);
    return watcher;
  }

  /** What happens in one turn is told in one batch, later. */
  #send(watcher: Watcher, { type, object }: Event): void {
    if (watcher.pending.push({ type, object }) > 1) return;
    process.nextTick(() => {
      const batch = watcher.pending;
      watcher.pending = [];
      if (this.#watchers.has(watcher) && !watcher.silent) watcher.sink.events(batch);
    });
  }

  #end(watcher: Watcher, error: Error | undefined): void {
    if (watcher.silent) return;
    this.#watchers.delete(watcher);
    watcher.sink.closed(error);
  }
}

function concerns({ collection, namespace, only }: Target, entry: Pick<Entry, "collection" | "object">): boolean {
  const { metadata } = entry.object;
  if (entry.collection !== collection || (namespace && metadata.namespace !== namespace)) return false;
  return only === undefined || metadata.name === only;
}

const expired = (message: string) => new StatusError({ code: 410, reason: "Expired", message });
