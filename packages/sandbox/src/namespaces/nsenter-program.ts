/**
 * Runs under nsenter, inside a network namespace: opens the sockets that it is asked for and passes them to its parent.
 * Holds: it reads nothing from a connected socket, and ends two seconds after its last answer or with its parent.
 */
import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import type { ListenAddress, SocketAddress } from "./driver.ts";
import type { SocketFailure } from "./socket-error.ts";

export interface PassSocket {
  readonly id: number;
  readonly ask: "listen" | "connect";
  readonly address: ListenAddress | SocketAddress;
  readonly timeoutMs: number;
}

export type PassedSocket =
  | { readonly id: number; readonly port: number }
  | { readonly id: number; readonly failure: SocketFailure };

interface Opened {
  readonly handle: unknown;
  readonly port: number;
  /** Ends this process's own share of the socket. */
  release(): void;
}

const IDLE_MS = 2000;
let busy = 0;
let idle = setTimeout(end, IDLE_MS);

process.on("disconnect", end);
process.on("message", (question: PassSocket) => {
  busy++;
  clearTimeout(idle);
  open(question).then(
    (opened) => pass({ id: question.id, port: opened.port }, opened),
    (error: NodeJS.ErrnoException) => {
      const about = `${question.address.host}:${question.address.port}`;
      const failure = { code: error.code ?? "EINVAL", syscall: error.syscall ?? question.ask, about };
      pass({ id: question.id, failure });
    },
  );
});

function pass(answer: PassedSocket, opened?: Opened): void {
  process.send?.(answer, opened?.handle as never, {}, () => {
    opened?.release();
    busy--;
    if (busy === 0) idle = setTimeout(end, IDLE_MS);
  });
}

/** What lies under a socket of Node's; the channel passes it as it is, so that the parent gets a bare descriptor. */
const handleOf = (socket: object): unknown => (socket as { _handle: unknown })._handle;

/** A datagram socket keeps its handle in a state behind a symbol. */
function datagramHandleOf(socket: object): unknown {
  const symbol = Object.getOwnPropertySymbols(socket).find((candidate) => candidate.description === "state symbol");
  const state = symbol && (socket as Record<symbol, { handle?: unknown } | undefined>)[symbol];
  if (!state?.handle) throw Object.assign(new Error("no handle"), { code: "ENOTSUP" });
  return state.handle;
}

function open({ ask, address, timeoutMs }: PassSocket): Promise<Opened> {
  if (ask === "connect") return connected(address, timeoutMs);
  return (address as ListenAddress).protocol === "udp" ? bound(address) : listening(address);
}

function listening({ host, port }: SocketAddress): Promise<Opened> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      resolve({ handle: handleOf(server), port: portOf(server.address()), release: () => void server.close() });
    });
  });
}

function bound({ host, port }: SocketAddress): Promise<Opened> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind({ address: host, port, exclusive: true }, () => {
      try {
        resolve({ handle: datagramHandleOf(socket), port: socket.address().port, release: () => void socket.close() });
      } catch (error) {
        reject(error as Error);
      }
    });
  });
}

function connected({ host, port }: SocketAddress, timeoutMs: number): Promise<Opened> {
  const socket = connect({ host, port });
  // Paused before it is connected, so that nothing the other side says first is read here and lost.
  socket.pause();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error("timed out"), { code: "ETIMEDOUT", syscall: "connect" }));
    }, timeoutMs);
    socket.once("error", reject);
    socket.once("close", () => clearTimeout(timer));
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve({ handle: handleOf(socket), port, release: () => void socket.destroy() });
    });
  });
}

const portOf = (address: ReturnType<ReturnType<typeof createServer>["address"]>): number =>
  typeof address === "object" && address ? address.port : 0;

function end(): void {
  process.exit(0);
}
