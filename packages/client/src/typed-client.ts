/**
 * The client over a transport: turns calls into requests and answers into objects.
 * Holds: over HTTP everything is JSON; in-process nothing is serialised, and what is sent is not to be changed afterwards. Objects of a
 * list always carry their kind and apiVersion, which servers leave out.
 */
import type { KubeObject } from "@kubets/api/meta";
import { groupVersion, type ResourceRef, resourcePath } from "@kubets/api/resource-ref";
import { type Clock, realClock, sleep } from "@kubets/machinery";
import { parseAnswer } from "./absent-lists.ts";
import type {
  Client,
  ListOptions,
  ObjectKey,
  ObjectList,
  Patch,
  WatchHandle,
  WatchOptions,
  WatchSink,
  WriteOptions,
} from "./client.ts";
import { encodeJson } from "./json.ts";
import { deleteBody, getQuery, listQuery, watchQuery, writeQuery } from "./query.ts";
import { type Asked, responseError, retryAfter } from "./response-error.ts";
import type { ApiRequest, ApiResponse, Transport } from "./transport.ts";
import { openWatch } from "./watch.ts";

export interface ClientOptions {
  /** Sent as User-Agent: tells in audit and managed fields who wrote. */
  readonly userAgent?: string;
  /** Told each text of a Warning header. */
  readonly warn?: (text: string) => void;
  /** For the waits that a busy server asks for. */
  readonly clock?: Clock;
}

/** So often a server that is busy, and says for how long, is asked again. */
const MOST_RETRIES = 10;

const PATCH_TYPES: Record<Patch["type"], string> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
};
/** JSON is YAML, so an apply is sent as JSON. */
const APPLY_TYPE = "application/apply-patch+yaml";
const JSON_TYPE = "application/json";

export function createClient(transport: Transport, options: ClientOptions = {}): Client {
  return new TypedClient(transport, options);
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly asked: Asked;
  readonly signal?: AbortSignal | undefined;
}

class TypedClient implements Client {
  readonly #transport: Transport;
  readonly #options: ClientOptions;

  constructor(transport: Transport, options: ClientOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  async get<T extends KubeObject>(ref: ResourceRef<T>, key: ObjectKey, options: GetOptionsOf = {}): Promise<T> {
    const path = objectPath(ref, key) + getQuery(options);
    return (await this.#call({ method: "GET", path, asked: asking("GET", ref, key), signal: options.signal })) as T;
  }

  async list<T extends KubeObject>(ref: ResourceRef<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const path = resourcePath(ref, options.namespace) + listQuery(options);
    const list = await this.#call({ method: "GET", path, asked: asking("GET", ref), signal: options.signal });
    return withKinds(list as ObjectList<T>, ref);
  }

  async create<T extends KubeObject>(ref: ResourceRef<T>, object: object, options: WriteOptions = {}): Promise<T> {
    const body = withKind(object, ref);
    const { namespace, name } = metadataOf(body);
    // The name stands in the path only where something below an object is created.
    const below = options.subresource ? name : undefined;
    const path = resourcePath(ref, namespace, below, options.subresource) + writeQuery(options);
    return (await this.#call({ method: "POST", path, body, asked: asking("POST", ref), signal: options.signal })) as T;
  }

  update<T extends KubeObject>(ref: ResourceRef<T>, object: object, options: WriteOptions = {}): Promise<T> {
    const body = withKind(object, ref);
    return this.#write<T>("PUT", ref, keyIn(body, "update"), body, JSON_TYPE, options);
  }

  patch<T extends KubeObject>(ref: ResourceRef<T>, key: ObjectKey, patch: Patch, options: WriteOptions = {}) {
    return this.#write<T>("PATCH", ref, key, patch.body, PATCH_TYPES[patch.type], options);
  }

  apply<T extends KubeObject>(
    ref: ResourceRef<T>,
    object: object,
    options: WriteOptions & { fieldManager: string; force?: boolean },
  ): Promise<T> {
    const body = withKind(object, ref);
    return this.#write<T>("PATCH", ref, keyIn(body, "apply"), body, APPLY_TYPE, options);
  }

  async delete(ref: ResourceRef, key: ObjectKey, options: Parameters<Client["delete"]>[2] = {}): Promise<void> {
    const body = deleteBody(options);
    const asked = asking("DELETE", ref, key);
    await this.#call({ method: "DELETE", path: objectPath(ref, key), body, asked, signal: options.signal });
  }

  async deleteCollection(ref: ResourceRef, options: Parameters<Client["deleteCollection"]>[1] = {}): Promise<void> {
    const path = resourcePath(ref, options.namespace) + listQuery(options);
    const body = deleteBody(options);
    await this.#call({ method: "DELETE", path, body, asked: asking("DELETE", ref), signal: options.signal });
  }

  async act<R>(ref: ResourceRef, key: ObjectKey, subresource: string, body: unknown): Promise<R> {
    const path = objectPath(ref, key, subresource);
    return (await this.#call({ method: "POST", path, body, asked: asking("POST", ref, key) })) as R;
  }

  watch<T extends KubeObject>(ref: ResourceRef<T>, options: WatchOptions, sink: WatchSink<T>): Promise<WatchHandle> {
    const path = resourcePath(ref, options.namespace) + watchQuery(options);
    const request: ApiRequest = { method: "GET", path, headers: this.#headers() };
    const refusal = async (response: ApiResponse) =>
      responseError(response.status, response.headers, await response.bytes(), asking("GET", ref));
    return openWatch(this.#transport, request, options.signal, sink as WatchSink<unknown>, refusal);
  }

  async raw(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
    const bytes =
      body === undefined || body instanceof Uint8Array
        ? body
        : typeof body === "string"
          ? new TextEncoder().encode(body)
          : encodeJson(body);
    const type: Record<string, string> =
      bytes === body || typeof body === "string" ? {} : { "content-type": JSON_TYPE };
    const response = await this.#transport.request({
      method,
      path,
      headers: { ...userAgent(this.#options), ...type, ...headers },
      ...(bytes && { body: bytes }),
    });
    return { status: response.status, body: await response.bytes() };
  }

  async #write<T>(
    method: string,
    ref: ResourceRef,
    key: ObjectKey,
    body: unknown,
    contentType: string,
    options: WriteOptions & { force?: boolean },
  ): Promise<T> {
    const path = objectPath(ref, key, options.subresource) + writeQuery(options);
    const asked = asking(method, ref, key);
    return (await this.#call({ method, path, body, contentType, asked, signal: options.signal })) as T;
  }

  async #call({ method, path, body, contentType = JSON_TYPE, asked, signal }: Call): Promise<unknown> {
    const request: { -readonly [K in keyof ApiRequest]: ApiRequest[K] } = { method, path, headers: this.#headers() };
    if (signal) request.signal = signal;
    if (body !== undefined) {
      request.headers = { ...request.headers, "content-type": contentType };
      if (this.#transport.takesObjects) request.object = body;
      else request.body = encodeJson(body);
    }
    const response = await this.#answer(request);
    this.#tellWarnings(response);
    if (response.status >= 300) throw responseError(response.status, response.headers, await response.bytes(), asked);
    return response.object ? response.object() : parseAnswer(await response.bytes());
  }

  /** The answer of a server that has time for it, or its last one. */
  async #answer(request: ApiRequest): Promise<ApiResponse> {
    const { clock = realClock } = this.#options;
    for (let retries = 0; ; retries++) {
      const response = await this.#transport.request(request);
      const { status, headers } = response;
      const seconds = status === 429 || status >= 500 ? retryAfter(headers) : 0;
      if (!seconds || retries === MOST_RETRIES) return response;
      await response.bytes();
      await sleep(clock, seconds * 1000, request.signal);
    }
  }

  #headers(): Record<string, string> {
    return { accept: JSON_TYPE, ...userAgent(this.#options) };
  }

  #tellWarnings({ headers }: ApiResponse): void {
    const { warn } = this.#options;
    if (!warn || headers.warning === undefined) return;
    for (const text of warningTexts([headers.warning].flat().join(", "))) warn(text);
  }
}

type GetOptionsOf = NonNullable<Parameters<Client["get"]>[2]>;

/** The texts of a Warning header: `299 - "a text", 299 - "another"`. */
export function warningTexts(header: string): string[] {
  const texts: string[] = [];
  // A header is read as a unit of a string for each byte.
  for (const [, quoted = ""] of header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g))
    texts.push(Buffer.from(quoted.replace(/\\(.)/g, "$1"), "latin1").toString());
  return texts;
}

const userAgent = ({ userAgent: agent }: ClientOptions): Record<string, string> =>
  agent ? { "user-agent": agent } : {};

const asking = (method: string, ref: ResourceRef, key?: ObjectKey): Asked => ({
  method,
  resource: { group: ref.group, resource: ref.resource },
  ...(key && { name: key.name }),
});

const objectPath = (ref: ResourceRef, key: ObjectKey, subresource?: string) =>
  resourcePath(ref, key.namespace, named(key, ref), subresource);

/** An empty name would make a request to the collection of one to an object. */
function named({ name }: ObjectKey, ref: ResourceRef): string {
  if (!name) throw new TypeError(`a request to one of ${ref.resource} needs a name`);
  return name;
}

const metadataOf = (object: object) => (object as Partial<KubeObject>).metadata ?? ({} as Partial<ObjectKey>);

function keyIn(object: object, verb: string): ObjectKey {
  const { namespace, name } = metadataOf(object);
  if (!name) throw new TypeError(`an object to ${verb} needs metadata.name`);
  return namespace ? { namespace, name } : { name };
}

/** The object with its kind and apiVersion, which callers may leave out. Bodies of another kind (Scale, Eviction) say theirs. */
function withKind(object: object, ref: ResourceRef): object {
  const { kind, apiVersion } = object as Partial<KubeObject>;
  return kind && apiVersion ? object : { kind: ref.kind, apiVersion: groupVersion(ref), ...object };
}

function withKinds<T extends KubeObject>(list: ObjectList<T>, ref: ResourceRef<T>): ObjectList<T> {
  const items = list.items ?? [];
  const complete = items.every((item) => item.kind && item.apiVersion);
  if (complete && list.items) return list;
  return { ...list, items: items.map((item) => withKind(item, ref) as T) };
}
