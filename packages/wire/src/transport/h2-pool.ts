/**
 * A few HTTP/2 connections to one server. A request goes to the first connection with room; a new one is opened when all
 * are full, up to a limit, beyond which requests wait in Node's own queue.
 * Holds: a connection that is dead is noticed by pings, also while it only waits (a watch), and its requests fail.
 */
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from "node:http2";
import type { Socket } from "node:net";
import { type Clock, every, type Timer } from "@kubets/machinery";
import { h2Exchange, RefusedStream } from "./h2-request.ts";
import { type ApiRequest, type ApiResponse, TransportError } from "./transport.ts";

interface H2PoolOptions {
  readonly origin: string;
  readonly clock: Clock;
  /** A new connection on which HTTP/2 was agreed. */
  readonly dial: () => Promise<Socket>;
  readonly maxSessions: number;
  readonly pingMs: number;
}

interface Pooled {
  readonly session: ClientHttp2Session;
  readonly ping: Timer;
  streams: number;
  /** Pings since the last request ended. */
  quiet: number;
}

const MAX_STREAMS = 200;
const STREAM_WINDOW = 1024 * 1024;
const SESSION_WINDOW = 16 * 1024 * 1024;
/** A connection without requests is closed after this many pings. */
const QUIET_PINGS = 3;

export class H2Pool {
  readonly #options: H2PoolOptions;
  readonly #pooled = new Set<Pooled>();
  #opening: Promise<Pooled> | undefined;

  constructor(options: H2PoolOptions, first?: Socket) {
    this.#options = options;
    if (first) this.#add(first);
  }

  async request(request: ApiRequest, headers: Readonly<Record<string, string>>): Promise<ApiResponse> {
    try {
      return await this.#requestOnce(request, headers);
    } catch (error) {
      // The server says that it has not looked at the request, so another connection may carry it.
      if (!(error instanceof RefusedStream)) throw error;
      return await this.#requestOnce(request, headers);
    }
  }

  /** Lets running requests finish, and new ones open new connections. */
  retire(): void {
    for (const pooled of this.#pooled) this.#drop(pooled);
  }

  destroy(error: Error): void {
    for (const { session, ping } of this.#pooled) {
      ping.cancel();
      session.destroy(error);
    }
    this.#pooled.clear();
  }

  async #requestOnce(request: ApiRequest, headers: Readonly<Record<string, string>>): Promise<ApiResponse> {
    const pooled = await this.#withRoom();
    request.signal?.throwIfAborted();
    const lines: OutgoingHttpHeaders = { ...headers, ":method": request.method, ":path": request.path };
    const stream = pooled.session.request(lines, { endStream: !request.body });
    pooled.streams++;
    stream.once("close", () => {
      pooled.streams--;
      pooled.quiet = 0;
    });
    return await h2Exchange(stream, request, this.#options.origin);
  }

  async #withRoom(): Promise<Pooled> {
    let least: Pooled | undefined;
    for (const pooled of this.#pooled) {
      const { remoteSettings } = pooled.session;
      if (pooled.streams < Math.min(MAX_STREAMS, remoteSettings?.maxConcurrentStreams ?? MAX_STREAMS)) return pooled;
      if (!least || pooled.streams < least.streams) least = pooled;
    }
    if (least && this.#pooled.size >= this.#options.maxSessions) return least;
    this.#opening ??= this.#options
      .dial()
      .then((socket) => this.#add(socket))
      .finally(() => (this.#opening = undefined));
    return await this.#opening;
  }

  #add(socket: Socket): Pooled {
    const { origin, clock, pingMs } = this.#options;
    const session = connect(origin, {
      createConnection: () => socket,
      settings: { initialWindowSize: STREAM_WINDOW, enablePush: false },
      maxSessionMemory: 256,
    });
    const pooled: Pooled = { session, streams: 0, quiet: 0, ping: every(clock, pingMs, () => this.#ping(pooled)) };
    session.once("connect", () => session.setLocalWindowSize(SESSION_WINDOW));
    session.on("error", () => {});
    session.once("goaway", () => this.#drop(pooled));
    session.once("close", () => this.#forget(pooled));
    this.#pooled.add(pooled);
    return pooled;
  }

  #ping(pooled: Pooled): void {
    const { session } = pooled;
    const { clock, pingMs, origin } = this.#options;
    if (pooled.streams === 0 && ++pooled.quiet >= QUIET_PINGS) {
      this.#drop(pooled);
      return;
    }
    if (session.destroyed || session.closed) return;
    const late = clock.after(pingMs / 2, () =>
      session.destroy(new TransportError("broken", `${origin} no longer answers on an open connection`)),
    );
    session.ping(() => late.cancel());
  }

  /** No new requests; closes when the last has ended. */
  #drop(pooled: Pooled): void {
    this.#pooled.delete(pooled);
    if (!pooled.session.closed) pooled.session.close();
  }

  #forget(pooled: Pooled): void {
    pooled.ping.cancel();
    this.#pooled.delete(pooled);
  }
}
