/**
 * Connections to servers that speak HTTP/2 (gRPC): one for each server while its streams suffice, over TLS or, with prior knowledge, plain.
 * Holds: a connection that the server wants to end carries no new requests, and ends when its streams have.
 */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import { joinHostPort } from "@kubets/machinery/ip";
import { BodyQueue } from "./body-queue.ts";
import { StreamSink } from "./h2-stream-sink.ts";
import { type Headers, lowerName, type ResponseHead, UNTIL_CLOSE } from "./message.ts";
import {
  type Failure,
  type Outgoing,
  type OutgoingHandlers,
  type OutgoingRequest,
  type Target,
  type Timeouts,
  targetKey,
} from "./outgoing.ts";

export class H2Upstreams {
  readonly #sessions = new Map<string, Set<ClientHttp2Session>>();

  send(target: Target, request: OutgoingRequest, timeouts: Timeouts, handlers: OutgoingHandlers): Outgoing {
    const key = targetKey(target);
    const session = this.#free(key) ?? this.#open(key, target, request.serverName, timeouts);
    return new H2Exchange(session, request, timeouts, handlers);
  }

  forget(addresses: ReadonlySet<string>): void {
    for (const [key, sessions] of this.#sessions) {
      const [, host, port] = key.split(" ");
      if (!addresses.has(`${host} ${port}`)) continue;
      this.#sessions.delete(key);
      for (const session of sessions) session.close();
    }
  }

  close(): void {
    for (const sessions of this.#sessions.values()) for (const session of sessions) session.destroy();
    this.#sessions.clear();
  }

  #free(key: string): ClientHttp2Session | undefined {
    for (const session of this.#sessions.get(key) ?? []) {
      const most = session.remoteSettings?.maxConcurrentStreams ?? MOST_STREAMS;
      if ((STREAMS.get(session) ?? 0) < Math.min(most, MOST_STREAMS)) return session;
    }
    return undefined;
  }

  #open(
    key: string,
    { host, port, isSecure }: Target,
    serverName: string,
    { connectMs }: Timeouts,
  ): ClientHttp2Session {
    const session = connect(`${isSecure ? "https" : "http"}://${joinHostPort(host, port)}`, {
      rejectUnauthorized: false,
      ...(serverName && { servername: serverName }),
      settings: { enablePush: false, initialWindowSize: 1 << 20 },
    });
    const all = this.#sessions.get(key) ?? new Set();
    this.#sessions.set(key, all.add(session));
    const leave = () => {
      clearTimeout(patience);
      all.delete(session);
      if (all.size === 0 && this.#sessions.get(key) === all) this.#sessions.delete(key);
    };
    const patience = setTimeout(() => session.destroy(new Error("it did not answer in time")), connectMs);
    session.on("connect", () => clearTimeout(patience));
    session.on("goaway", leave).on("close", leave).on("error", leave);
    session.setTimeout(IDLE_MS, () => {
      if (!STREAMS.get(session)) session.close();
    });
    return session;
  }
}

const MOST_STREAMS = 100;
const IDLE_MS = 60_000;
/** How many are under way on a session. */
const STREAMS = new WeakMap<ClientHttp2Session, number>();
const count = (session: ClientHttp2Session, by: number) => STREAMS.set(session, (STREAMS.get(session) ?? 0) + by);

class H2Exchange implements Outgoing {
  readonly #stream: ClientHttp2Stream;
  readonly #handlers: OutgoingHandlers;
  readonly #body: BodyQueue;
  readonly #connected: boolean;
  #trailers: Headers = [];
  #done = false;
  #answered = false;
  #failure: Failure["kind"] = "closed";

  constructor(session: ClientHttp2Session, request: OutgoingRequest, { readMs }: Timeouts, handlers: OutgoingHandlers) {
    const stream = session.request(requestHeaders(request), { endStream: request.framing === 0 });
    this.#stream = stream;
    this.#handlers = handlers;
    this.#connected = !session.connecting;
    this.#body = new BodyQueue({ hold: () => stream.pause(), release: () => stream.resume() });
    count(session, 1);
    stream.once("close", () => count(session, -1));
    stream.setTimeout(readMs, () => {
      this.#failure = "timeout";
      stream.close(constants.NGHTTP2_CANCEL);
    });
    stream
      .on("headers", (headers) => this.#inform(headers))
      .on("response", (headers, flags) => this.#respond(headers, (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0))
      .on("data", (chunk: Buffer) => this.#body.push(chunk))
      .on("trailers", (headers) => {
        this.#trailers = flat(headers);
      })
      .on("end", () => this.#ended())
      .on("error", (error) => this.#failed(error))
      .on("close", () => this.#failed(undefined));
    if (request.framing === 0) return;
    const ready = () => {
      if (!this.#done) handlers.ready(new StreamSink(stream));
    };
    if (session.connecting) session.once("connect", ready);
    else ready();
  }

  cancel(): void {
    this.#done = true;
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #inform(headers: IncomingHttpHeaders & { ":status"?: number }): void {
    const status = headers[":status"] ?? 0;
    if (status !== 100 && !this.#done) this.#handlers.inform(status, flat(headers));
  }

  /** An answer that ends with its head must be passed on as one: gRPC has its status there then. */
  #respond(headers: IncomingHttpHeaders & { ":status"?: number }, ended: boolean): void {
    if (this.#done) return;
    this.#answered = true;
    const head: ResponseHead = {
      status: headers[":status"] ?? 502,
      reason: "",
      headers: flat(headers),
      framing: ended ? 0 : headers["content-length"] === undefined ? UNTIL_CLOSE : Number(headers["content-length"]),
      keepAlive: true,
      upgrade: "",
      keptSeconds: 0,
    };
    this.#handlers.head(head, this.#body);
  }

  #ended(): void {
    if (this.#done || !this.#answered) return;
    this.#done = true;
    this.#body.end(this.#trailers);
    // What the client still sends, nobody reads any more.
    if (!this.#stream.writableEnded) this.#stream.close(constants.NGHTTP2_NO_ERROR);
  }

  #failed(error: Error | undefined): void {
    if (this.#done) return;
    this.#done = true;
    if (this.#answered) {
      this.#body.fail();
      return;
    }
    const refused = this.#stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
    const never =
      refused || (!this.#connected && this.#stream.session?.connecting !== false && !this.#stream.sentHeaders);
    this.#handlers.failed({
      kind: never ? "connect" : this.#failure,
      reused: this.#connected,
      message: error?.message ?? "it ended the stream",
    });
  }
}

function requestHeaders({ method, target, host, headers, framing, serverName }: OutgoingRequest) {
  const all: Record<string, string | string[]> = {
    ":method": method,
    ":path": target,
    ":scheme": serverName ? "https" : "http",
    ":authority": host,
    te: "trailers",
  };
  for (let i = 0; i < headers.length; i += 2) {
    const name = lowerName(headers[i] as string);
    const value = headers[i + 1] as string;
    const before = all[name];
    all[name] = before === undefined ? value : [...[before].flat(), value];
  }
  if (framing > 0) all["content-length"] = String(framing);
  return all;
}

/** As pairs, without the pseudo headers. */
export function flat(headers: IncomingHttpHeaders): string[] {
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(":") || value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) pairs.push(name, each);
  }
  return pairs;
}
