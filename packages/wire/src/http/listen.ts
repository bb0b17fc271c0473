/**
 * A listening port that speaks HTTP/1.1 and HTTP/2 over TLS, or HTTP/1.1 in plain text, and gives each request to one
 * handler as an `Exchange`.
 * Holds: every limit is set here, none is left to Node's defaults. `close` stops accepting, lets requests finish for the
 * grace time, then breaks what is left; it resolves when no connection is open.
 */
import { once } from "node:events";
import type { Server as HttpServer, IncomingMessage, ServerResponse as NodeResponse } from "node:http";
import {
  createSecureServer,
  type Http2SecureServer,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext, type SecureContext } from "node:tls";
import { createServer as createHttpServer, ServerResponse } from "@kubets/machinery/node-http";
import { takeArrivalsInTurn } from "./arrivals.ts";
import type { Exchange, Upgrade } from "./exchange.ts";
import { type Connections, H1Exchange, ignore } from "./h1-exchange.ts";
import { H2Exchange } from "./h2-exchange.ts";
import { LargeBodies } from "./large-bodies.ts";
import { ReadingTurns } from "./reading-turns.ts";
import { showShortLivedEmitters } from "./short-lived-emitters.ts";

export interface ServerCertificate {
  readonly key: string | Uint8Array;
  readonly cert: string | Uint8Array;
}

export interface ServerTls extends ServerCertificate {
  /** The authorities of client certificates. With them a certificate is asked for, but none is demanded. */
  readonly clientCa?: string | Uint8Array;
  /** Other certificates, by the name that the client asks for (`*.example.org` stands for one label). */
  readonly byName?: Readonly<Record<string, ServerCertificate>>;
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  /** OpenSSL's names, with colons between them. */
  readonly ciphers?: string;
}

interface Limits {
  readonly maxConcurrentStreams: number;
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
  /** Memory for one HTTP/2 connection's frames and headers. */
  readonly maxSessionMegabytes: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
}

const defaultLimits: Limits = {
  maxConcurrentStreams: 250,
  maxHeaderBytes: 64 * 1024,
  maxHeaders: 1000,
  maxSessionMegabytes: 64,
  headersTimeoutMs: 32_000,
  requestTimeoutMs: 300_000,
  idleTimeoutMs: 90_000,
  handshakeTimeoutMs: 15_000,
};

export interface ListenOptions {
  /** Must answer every exchange; what it throws breaks the connection, so it should not. */
  readonly handler: (exchange: Exchange) => void;
  /** Plain HTTP/1.1 without. */
  readonly tls?: ServerTls;
  /** 0 takes a free one. */
  readonly port?: number;
  readonly host?: string;
  /** A socket that listens already, handed over by its number. */
  readonly fd?: number;
  /** A unix socket's path. */
  readonly path?: string;
  readonly limits?: Partial<Limits>;
  /** Told of each connection that comes to no agreement on TLS. */
  readonly tlsFailed?: () => void;
}

export interface Listener {
  readonly port: number;
  readonly address: string;
  /** New connections use these; open ones go on as they are. */
  reloadTls(tls: ServerTls): void;
  connections(): number;
  close(graceMs?: number): Promise<void>;
}

/** How much a client may send before it is told to go on, for one stream and for a whole HTTP/2 connection. */
const STREAM_WINDOW = 256 * 1024;
const SESSION_WINDOW = 4 * 1024 * 1024;
const TCP_KEEPALIVE_MS = 30_000;
/** So long a client has to take the last that it is told. */
const FAREWELL_MS = 1000;

export async function listen(options: ListenOptions): Promise<Listener> {
  showShortLivedEmitters();
  const limits = { ...defaultLimits, ...options.limits };
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const connections = {
    closing: false,
    largeBodies: new LargeBodies(),
    reading: new ReadingTurns(() => sessions.size > 0),
    given: new Set<Duplex>(),
  };

  const names = new ServerNames(options.tls);
  const server = options.tls ? secureServer(options.tls, limits, names) : plainServer(limits);
  if (options.tls) takeArrivalsInTurn(server);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("request", (request: IncomingMessage, response: NodeResponse) => {
    connections.reading.read(request.socket);
    options.handler(new H1Exchange(request, response, connections));
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) =>
    options.handler(upgradeExchange(request, socket, head, connections)),
  );
  if (options.tls) {
    const secure = server as Http2SecureServer;
    if (options.tlsFailed) secure.on("tlsClientError", options.tlsFailed);
    // A session comes of the connection before it, and shows nothing of that which could be ended.
    let latest: Socket;
    secure.prependListener("secureConnection", (socket) => (latest = socket));
    secure.on("session", (session) => trackSession(session, latest, sessions, limits));
    secure.on("stream", (stream, headers, _flags, rawHeaders) =>
      options.handler(
        new H2Exchange(
          stream as ServerHttp2Stream,
          headers,
          rawHeaders as unknown as string[],
          connections.largeBodies,
        ),
      ),
    );
  }
  await bind(server, options);
  const bound = server.address();

  return {
    port: typeof bound === "object" ? ((bound as AddressInfo | null)?.port ?? 0) : 0,
    address: typeof bound === "object" ? ((bound as AddressInfo | null)?.address ?? "") : bound,
    reloadTls(tls) {
      names.set(tls);
      (server as Http2SecureServer).setSecureContext(contextOptions(tls));
    },
    connections: () => sockets.size,
    async close(graceMs = 0) {
      connections.closing = true;
      const closed = once(server, "close");
      server.close();
      for (const session of sessions) session.close();
      // Nobody knows when these end.
      for (const socket of connections.given) socket.destroy();
      // What is answered from now on is quiet at once.
      Object.assign(server, { keepAliveTimeout: 1, keepAliveTimeoutBuffer: 0 });
      if ("closeIdleConnections" in server) server.closeIdleConnections();
      const force = setTimeout(() => sockets.forEach((socket) => socket.destroy()), graceMs);
      await closed;
      await Promise.all([...sockets].map((socket) => once(socket, "close")));
      clearTimeout(force);
    },
  };
}

async function bind(server: HttpServer | Http2SecureServer, options: ListenOptions): Promise<void> {
  const { fd, path, port = 0, host } = options;
  const bound = once(server, "listening");
  if (fd !== undefined) server.listen({ fd });
  else if (path !== undefined) server.listen({ path });
  else server.listen({ port, host, backlog: 1024 });
  await bound;
}

const common = (limits: Limits) => ({
  maxHeaderSize: limits.maxHeaderBytes,
  headersTimeout: limits.headersTimeoutMs,
  requestTimeout: limits.requestTimeoutMs,
  keepAliveTimeout: limits.idleTimeoutMs,
  connectionsCheckingInterval: 10_000,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: TCP_KEEPALIVE_MS,
});

function plainServer(limits: Limits): HttpServer {
  const server = createHttpServer(common(limits));
  server.maxHeadersCount = limits.maxHeaders;
  return server;
}

function secureServer(tls: ServerTls, limits: Limits, names: ServerNames): Http2SecureServer {
  const options: SecureServerOptions = {
    ...contextOptions(tls),
    ...common(limits),
    allowHTTP1: true,
    requestCert: tls.clientCa !== undefined,
    rejectUnauthorized: false,
    handshakeTimeout: limits.handshakeTimeoutMs,
    SNICallback: (name, done) => done(null, names.find(name)),
    maxSessionMemory: limits.maxSessionMegabytes,
    maxHeaderListPairs: limits.maxHeaders,
    settings: {
      maxConcurrentStreams: limits.maxConcurrentStreams,
      maxHeaderListSize: limits.maxHeaderBytes,
      initialWindowSize: STREAM_WINDOW,
      enablePush: false,
    },
  };
  const server = createSecureServer(options);
  // Else the listener of "request" would bring Node's compatibility layer onto every HTTP/2 stream.
  server.removeAllListeners("newListener");
  const http1 = server as unknown as HttpServer;
  http1.headersTimeout = limits.headersTimeoutMs;
  http1.requestTimeout = limits.requestTimeoutMs;
  http1.keepAliveTimeout = limits.idleTimeoutMs;
  http1.maxHeadersCount = limits.maxHeaders;
  return server;
}

const contextOptions = (tls: ServerTls) => ({
  key: Buffer.from(tls.key),
  cert: Buffer.from(tls.cert),
  ...(tls.clientCa && { ca: Buffer.from(tls.clientCa) }),
  ...(tls.ciphers && { ciphers: tls.ciphers }),
  minVersion: tls.minVersion ?? "TLSv1.2",
});

/** Which certificate answers to which name. */
class ServerNames {
  #contexts: ReadonlyMap<string, SecureContext> = new Map();

  constructor(tls: ServerTls | undefined) {
    if (tls) this.set(tls);
  }

  set(tls: ServerTls): void {
    this.#contexts = new Map(
      Object.entries(tls.byName ?? {}).map(([name, one]) => [
        name.toLowerCase(),
        createSecureContext(contextOptions({ ...tls, ...one })),
      ]),
    );
  }

  /** Undefined means the certificate for all. */
  find(name: string): SecureContext | undefined {
    const lower = name.toLowerCase();
    return this.#contexts.get(lower) ?? this.#contexts.get(`*${lower.slice(lower.indexOf("."))}`);
  }
}

/** Ends an HTTP/2 connection on which nothing has been asked for a while, also where its client does not even read that. */
function trackSession(
  session: ServerHttp2Session,
  socket: Socket,
  sessions: Set<ServerHttp2Session>,
  limits: Limits,
): void {
  let streams = 0;
  const idle = setTimeout(() => {
    if (streams > 0) return;
    session.close();
    // However a session ends, Node waits until its client has taken all and has ended the connection itself.
    setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
  }, limits.idleTimeoutMs).unref();
  sessions.add(session);
  session.once("close", () => sessions.delete(session));
  socket.once("close", () => clearTimeout(idle));
  session.on("error", ignore);
  session.on("stream", (stream) => {
    streams++;
    stream.once("close", () => {
      if (--streams === 0 && !socket.destroyed) idle.refresh();
    });
  });
  session.setLocalWindowSize(SESSION_WINDOW);
}

const SWITCHING_PROTOCOLS = 101;

/** A request for another protocol. Until the connection is given away it can be answered like any other. */
function upgradeExchange(request: IncomingMessage, socket: Duplex, head: Buffer, connections: Connections): Exchange {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket);
  socket.on("error", ignore);
  response.once("finish", () => socket.end());
  const upgrade: Upgrade = {
    protocol: (request.headers.upgrade ?? "").toLowerCase(),
    request,
    accept(endsItself = false) {
      exchange.onAnswer?.(SWITCHING_PROTOCOLS, undefined);
      connections.reading.forget(socket as Socket);
      response.detachSocket(socket as Socket);
      if (!endsItself) {
        connections.given.add(socket);
        socket.once("close", () => connections.given.delete(socket));
      }
      return { socket, head };
    },
  };
  const exchange = new H1Exchange(request, response, { ...connections, closing: true }, upgrade);
  return exchange;
}
