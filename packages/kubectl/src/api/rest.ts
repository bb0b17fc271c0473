/**
 * Requests to an API server, of any path and media type: what the typed client has no words for (tables, logs, kinds that are
 * only known by discovery).
 * Holds: an answer that is no success is thrown as StatusError; the server's warnings are told as they come.
 */
import type { Duplex } from "node:stream";
import type { Transport } from "@kubets/client";
import { responseError } from "@kubets/client/response-error";
import { warningTexts } from "@kubets/client/typed-client";
import { readWatch } from "@kubets/client/watch-lines";
import { parseJson } from "@kubets/machinery/json";
import { jsonText } from "@kubets/machinery/json-text";
import { VERSION } from "@kubets/machinery/release";
import { type GroupResource, StatusError } from "@kubets/machinery/status-error";
import { type StreamSession, UpgradeRefusedError, type UpgradeRequest } from "@kubets/wire/transport";
import type { JsonObject, JsonValue } from "../json.ts";

export type Query = Readonly<Record<string, string | number | boolean | undefined | readonly string[]>>;

interface Call {
  readonly query?: Query;
  readonly body?: JsonValue;
  /** The body as text, instead of `body`. */
  readonly content?: string;
  readonly contentType?: string;
  readonly accept?: string;
  /** What is asked for, as errors name it. */
  readonly of?: { readonly resource: GroupResource; readonly name?: string };
  readonly signal?: AbortSignal;
}

/** A way to an API server that also carries streams. */
export interface Link {
  readonly server: string;
  readonly transport: Transport;
  /** The headers that say who asks. */
  identity(): Promise<Record<string, string>>;
  /** A connection of one's own, which speaks HTTP/1.1. */
  connect(): Promise<Duplex>;
  upgrade(request: UpgradeRequest): Promise<StreamSession>;
}

interface RestOptions {
  warn(text: string): void;
  readonly timeoutMs?: number;
}

export const PATCH_TYPES = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

export class Rest {
  readonly link: Link;
  readonly #options: RestOptions;

  constructor(link: Link, options: RestOptions) {
    this.link = link;
    this.#options = options;
  }

  /** The object that the server answers with. */
  async call(method: string, path: string, call: Call = {}): Promise<JsonObject> {
    const response = await this.#send(method, path, call);
    return parseJson(await response.bytes()) as JsonObject;
  }

  readonly get = (path: string, call: Call = {}): Promise<JsonObject> => this.call("GET", path, call);

  async text(path: string, call: Call = {}): Promise<string> {
    const response = await this.#send("GET", path, { accept: "*/*", ...call });
    return Buffer.from(await response.bytes()).toString("utf8");
  }

  /** Sends a text as it is. */
  async raw(method: string, path: string, content?: string): Promise<string> {
    const response = await this.#send(method, path, { accept: "*/*", ...(content !== undefined && { content }) });
    return Buffer.from(await response.bytes()).toString("utf8");
  }

  /** The body as it comes. */
  async stream(path: string, call: Call = {}): Promise<AsyncIterable<Uint8Array>> {
    return (await this.#send("GET", path, { accept: "*/*", ...call }, true)).stream();
  }

  /** Tells the events of a watch in order until it ends, is aborted, or `event` says that it has seen enough. */
  async watch(path: string, call: Call, event: (type: string, object: JsonObject) => boolean | void): Promise<void> {
    const ending = new AbortController();
    const signal = call.signal ? AbortSignal.any([call.signal, ending.signal]) : ending.signal;
    const response = await this.#send("GET", path, { ...call, signal, query: { ...call.query, watch: true } }, true);
    let done = false;
    const error = await readWatch(response.stream(), (batch) => {
      for (const { type, object } of batch) {
        done ||= event(type, object as JsonObject) === true;
        if (done) return ending.abort();
      }
    });
    if (error && !done && !signal.aborted) throw error;
  }

  /** Opens exec, attach or port-forward. */
  async upgrade(path: string, request: Omit<UpgradeRequest, "path">): Promise<StreamSession> {
    try {
      return await this.link.upgrade({ ...request, path });
    } catch (error) {
      if (!(error instanceof UpgradeRefusedError) || error.status === 0) throw error;
      throw responseError(error.status, {}, error.body, { method: "GET" });
    }
  }

  async #send(method: string, path: string, call: Call, unlimited = false) {
    const url = path + queryText(call.query);
    const { timeoutMs } = this.#options;
    const limit = timeoutMs && !unlimited ? AbortSignal.timeout(timeoutMs) : undefined;
    const body = call.content ?? (call.body === undefined ? undefined : jsonText(call.body));
    const signals = [call.signal, limit].filter((each) => each !== undefined);
    const response = await this.link.transport.request({
      method,
      path: url,
      headers: {
        accept: call.accept ?? "application/json",
        "user-agent": `kubectl/${VERSION} (kubets)`,
        ...(body !== undefined && { "content-type": call.contentType ?? "application/json" }),
      },
      ...(body !== undefined && { body: Buffer.from(body) }),
      ...(signals.length > 0 && { signal: AbortSignal.any(signals) }),
    });
    const { warning } = response.headers;
    if (warning !== undefined) for (const text of warningTexts([warning].flat().join(", "))) this.#options.warn(text);
    if (response.status >= 300) throw await refusal(method, response, call);
    return response;
  }
}

async function refusal(method: string, response: Awaited<ReturnType<Transport["request"]>>, { of }: Call) {
  const asked = { method, ...(of && { resource: of.resource, ...(of.name && { name: of.name }) }) };
  const error = responseError(response.status, response.headers, await response.bytes(), asked);
  return error instanceof StatusError ? error : new Error(String(error));
}

export function queryText(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const each of value as readonly string[]) parameters.append(name, each);
    else if (value !== undefined && value !== "" && value !== false) parameters.append(name, String(value));
  }
  const text = parameters.toString();
  return text && `?${text}`;
}
