/**
 * A port that clients come to: plain HTTP/1.1, or TLS with the certificate of the name that they ask for, and HTTP/1.1 or HTTP/2 in it.
 * Holds: certificates are chosen at each handshake: new ones serve new connections, open connections go on. `close` takes no new ones, lets
 * requests finish for the grace time, then breaks what is left.
 */
import { once } from "node:events";
import { performServerHandshake, type ServerHttp2Session } from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type SecureContext, type TLSSocket } from "node:tls";
import { type ClientLimits, clientLimits, H1Connection } from "./h1-connection.ts";
import { serveSession } from "./h2-incoming.ts";
import type { Incoming } from "./incoming.ts";

export interface ListenerOptions {
  readonly handler: (incoming: Incoming) => void;
  /** Plain HTTP without. */
  readonly tls?: ListenerTls;
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port?: number;
  /** A socket that listens already, by its number. */
  readonly fd?: number;
  /** Others may listen at the same place; the kernel shares the clients out. */
  readonly reusePort?: boolean;
  readonly limits?: Partial<ClientLimits>;
}

interface ListenerTls {
  /** For clients that name nobody. */
  readonly key: string;
  readonly cert: string;
  /** For the name that a client asks for; undefined for the certificate above. */
  contextFor(name: string): SecureContext | undefined;
}

export interface Listener {
  readonly port: number;
  readonly connections: number;
  close(graceMs?: number): Promise<void>;
}

const HANDSHAKE_MS = 15_000;
const SECURE = "TLSv1.2";

export async function listen(options: ListenerOptions): Promise<Listener> {
  const limits = { ...clientLimits, ...options.limits };
  const connections = new Set<H1Connection>();
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  let closing = false;
  const h1 = { handler: options.handler, limits, isClosing: () => closing };

  const speakHttp1 = (socket: Socket, isSecure: boolean) => {
    const connection = new H1Connection(socket, isSecure, h1);
    connections.add(connection);
    socket.once("close", () => connections.delete(connection));
  };
  const speakHttp2 = (socket: TLSSocket) => {
    const session = performServerHandshake(socket, H2_SETTINGS);
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    serveSession(session, socket, limits.idleMs, options.handler);
  };

  const server = options.tls ? secureServer(options.tls) : createServer({ noDelay: true });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    if (!options.tls) speakHttp1(socket, false);
  });
  server.on("secureConnection", (socket: TLSSocket) => {
    if (socket.alpnProtocol === "h2") speakHttp2(socket);
    else speakHttp1(socket, true);
  });
  // Who does not finish a handshake has gone.
  server.on("tlsClientError", (_error: Error, socket: TLSSocket) => socket.destroy());
  await bind(server, options);

  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return sockets.size;
    },
    async close(graceMs = 0) {
      closing = true;
      const closed = once(server, "close");
      server.close();
      for (const connection of connections) connection.close();
      for (const session of sessions) session.close();
      const force = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      await closed;
      clearTimeout(force);
    },
  };
}

const H2_SETTINGS = {
  settings: { maxConcurrentStreams: 128, initialWindowSize: 1 << 18, maxHeaderListSize: 32 * 1024 },
  maxSessionMemory: 32,
};

function secureServer({ key, cert, contextFor }: ListenerTls): Server {
  return createTlsServer({
    key,
    cert,
    ALPNProtocols: ["h2", "http/1.1"],
    minVersion: SECURE,
    handshakeTimeout: HANDSHAKE_MS,
    noDelay: true,
    SNICallback: (name, done) => done(null, contextFor(name)),
  });
}

async function bind(server: Server, { fd, host, port = 0, reusePort = false }: ListenerOptions): Promise<void> {
  const bound = once(server, "listening");
  if (fd !== undefined) server.listen({ fd });
  else server.listen({ host, port, backlog: 1024, reusePort });
  await bound;
}
