/**
 * The transport over HTTPS (or plain HTTP): HTTP/2 with a few shared connections where the server speaks it, else
 * HTTP/1.1. Which one is found out with the first connection.
 */
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { type Clock, realClock } from "@kubets/machinery";
import type { StreamSession } from "../streams/session.ts";
import { dial } from "./dial.ts";
import { type Dialer, dialingAgent } from "./dialing-agent.ts";
import { H1Client } from "./h1-client.ts";
import { H2Pool } from "./h2-pool.ts";
import { hostOf, type TlsOptions, tlsOptions } from "./tls-options.ts";
import { fixedToken, type TokenSource, tokenFile } from "./token-source.ts";
import { type ApiRequest, type ApiResponse, type Transport, TransportError, type UpgradeRequest } from "./transport.ts";

export interface HttpTransportOptions {
  /** `https://host:port`, with a path in front of all others if there is one. */
  readonly server: string;
  /** Other servers of the same cluster, asked for when the one in use cannot be reached. */
  readonly alternatives?: () => readonly string[];
  readonly tls?: TlsOptions;
  readonly token?: string;
  /** Read again when it is renewed; goes before `token`. */
  readonly tokenFile?: string;
  /** Sent with each request: User-Agent, Impersonate-User, ... */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether HTTP/2 may be used; by default when the server offers it. */
  readonly http2?: boolean;
  readonly connectTimeoutMs?: number;
  readonly maxSessions?: number;
  /** How often a quiet connection is tried. */
  readonly pingMs?: number;
  readonly clock?: Clock;
  /** Makes the connections that TLS and HTTP are spoken over; by TCP when absent. */
  readonly dialer?: Dialer | undefined;
}

type Carrier = H2Pool | H1Client;

export class HttpTransport implements Transport {
  readonly #options: HttpTransportOptions;
  readonly #server: URL;
  readonly #prefix: string;
  readonly #token: TokenSource | undefined;
  readonly #connectTimeoutMs: number;
  readonly #sessions = new Set<StreamSession>();
  #tls: TlsOptions;
  /** The one that was reached last. */
  #reached: URL;
  #carrier: Promise<Carrier> | undefined;
  #closed = false;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    this.#server = new URL(options.server);
    this.#reached = this.#server;
    this.#prefix = this.#server.pathname.replace(/\/$/, "");
    this.#tls = options.tls ?? {};
    this.#connectTimeoutMs = options.connectTimeoutMs ?? 10_000;
    if (options.tokenFile) this.#token = tokenFile(options.tokenFile, options.clock ?? realClock);
    else if (options.token) this.#token = fixedToken(options.token);
  }

  async request(request: ApiRequest): Promise<ApiResponse> {
    request.signal?.throwIfAborted();
    const headers = await this.#headers(request.headers);
    const carrier = await this.#connect();
    request.signal?.throwIfAborted();
    return await carrier.request(this.#prefix ? { ...request, path: this.#prefix + request.path } : request, headers);
  }

  async upgrade(request: UpgradeRequest): Promise<StreamSession> {
    this.#checkOpen();
    const session = request.carrier === "spdy" ? await this.#overSpdy(request) : await this.#overWebSocket(request);
    this.#sessions.add(session);
    void session.closed.then(() => this.#sessions.delete(session));
    return session;
  }

  /** A connection of the caller's own that speaks HTTP/1.1, for what this transport has no words for. */
  connect(): Promise<Socket> {
    this.#checkOpen();
    return dial({
      server: this.#server,
      tls: this.#tls,
      protocols: ["http/1.1"],
      timeoutMs: this.#connectTimeoutMs,
      dialer: this.#options.dialer,
    });
  }

  /** New connections use these; requests under way finish on the old ones. */
  async reloadTls(tls: TlsOptions): Promise<void> {
    const old = this.#carrier;
    this.#tls = tls;
    this.#carrier = undefined;
    const carrier = await old?.catch(() => undefined);
    // An HTTP/1.1 agent keeps its busy connections until their answers end; it just gets no new requests.
    if (carrier instanceof H2Pool) carrier.retire();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const session of this.#sessions) session.destroy();
    const carrier = await this.#carrier?.catch(() => undefined);
    carrier?.destroy(new TransportError("closed", "the transport was closed"));
  }

  #checkOpen(): void {
    if (this.#closed) throw new TransportError("closed", "the transport is closed");
  }

  async #headers(own: Readonly<Record<string, string>> | undefined): Promise<Record<string, string>> {
    const headers = { ...this.#options.headers, ...own };
    if (this.#token) headers["authorization"] ??= `Bearer ${await this.#token()}`;
    return headers;
  }

  /** The carrier, found out with the first connection; a failure is not kept. */
  async #connect(): Promise<Carrier> {
    this.#checkOpen();
    if (!this.#carrier) {
      const finding = this.#find();
      this.#carrier = finding;
      finding.catch(() => {
        if (this.#carrier === finding) this.#carrier = undefined;
      });
    }
    return await this.#carrier;
  }

  async #find(): Promise<Carrier> {
    const tls = this.#tls;
    const { http2 = true, maxSessions = 4, pingMs = 30_000, clock = realClock, dialer } = this.#options;
    const overHttp1 = () => new H1Client(this.#server, tls, this.#connectTimeoutMs, dialer);
    if (!http2 || this.#server.protocol !== "https:") return overHttp1();
    const connect = (protocols: string[]): Promise<Socket> => this.#reach(tls, protocols);
    const first = await connect(["h2", "http/1.1"]);
    if ((first as TLSSocket).alpnProtocol !== "h2") {
      first.destroy();
      return overHttp1();
    }
    return new H2Pool({ origin: this.#server.origin, clock, dial: () => connect(["h2"]), maxSessions, pingMs }, first);
  }

  /** The server that was reached last, or the first of the others that can be. */
  async #reach(tls: TlsOptions, protocols: readonly string[]): Promise<Socket> {
    const { dialer } = this.#options;
    const reach = (server: URL) => dial({ server, tls, protocols, timeoutMs: this.#connectTimeoutMs, dialer });
    try {
      return await reach(this.#reached);
    } catch (error) {
      const others = [this.#server.href, ...(this.#options.alternatives?.() ?? [])].map((each) => new URL(each));
      for (const other of others) {
        if (other.origin === this.#reached.origin) continue;
        const socket = await reach(other).catch(() => undefined);
        if (!socket) continue;
        this.#reached = other;
        return socket;
      }
      throw error;
    }
  }

  async #overWebSocket(request: UpgradeRequest): Promise<StreamSession> {
    const { channelSession, COMMAND_CHANNELS, openWebSocket } = await import("../websocket.ts");
    const socket = await openWebSocket({
      ...this.#upgradeTls(),
      url: this.#url(request.path).replace(/^http/, "ws"),
      protocols: request.protocols,
      headers: await this.#headers(request.headers),
      handshakeTimeoutMs: this.#connectTimeoutMs,
      signal: request.signal,
    });
    const channels = request.channels ?? COMMAND_CHANNELS;
    return channelSession(socket, { side: "client", protocol: socket.protocol, channels });
  }

  async #overSpdy(request: UpgradeRequest): Promise<StreamSession> {
    const { openSpdy } = await import("../spdy.ts");
    return await openSpdy({
      ...this.#upgradeTls(),
      url: this.#url(request.path),
      protocols: request.protocols,
      headers: await this.#headers(request.headers),
      signal: request.signal,
    });
  }

  #upgradeTls() {
    const { servername, ...options } = tlsOptions(this.#tls, hostOf(this.#server));
    const { dialer } = this.#options;
    const agent = dialer && dialingAgent(dialer, this.#server.protocol === "https:");
    return {
      ...options,
      ...(agent && { agent }),
      serverName: servername,
      insecureSkipVerify: this.#tls.insecureSkipVerify,
    };
  }

  #url(path: string): string {
    return `${this.#server.origin}${this.#prefix}${path}`;
  }
}
