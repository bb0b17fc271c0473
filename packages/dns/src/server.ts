/**
 * DNS over UDP and TCP. Sockets are opened by address, or taken over open already (by descriptor), as from the namespace of a node.
 * Holds: a TCP connection that says nothing for 10 s, or more than it may, is closed; answers leave in the order of the queries.
 */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";
import type { Logger } from "@kubets/machinery";
import type { Responder } from "./responder.ts";

export type DnsListen =
  | { readonly host: string; readonly port: number }
  | { readonly host: string; readonly udpFd: number; readonly tcpFd: number };

const IDLE_MS = 10_000;
const MOST_CONNECTIONS = 1000;
const RECEIVE_BUFFER = 1024 * 1024;

export class DnsServer {
  readonly #responder: Responder;
  readonly #log: Logger;
  readonly #udp: UdpSocket[] = [];
  readonly #tcp: Server[] = [];
  readonly #connections = new Set<Socket>();

  constructor(responder: Responder, log: Logger) {
    this.#responder = responder;
    this.#log = log;
  }

  /** Opens one address; the port of UDP is that of TCP, also when it was 0. */
  async listen(where: DnsListen): Promise<number> {
    if ("udpFd" in where) {
      await this.#listenTcp({ fd: where.tcpFd });
      return this.#listenUdp(where.host, { fd: where.udpFd });
    }
    const port = await this.#listenTcp({ host: where.host, port: where.port });
    return this.#listenUdp(where.host, { address: where.host, port });
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    await Promise.all([
      ...this.#udp.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
      ...this.#tcp.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    ]);
  }

  #listenUdp(host: string, where: { fd: number } | { address: string; port: number }): Promise<number> {
    const socket = createSocket({ type: host.includes(":") ? "udp6" : "udp4" });
    socket.on("message", (message, from) => {
      const answer = this.#respond(message, "udp");
      if (answer instanceof Promise) void answer.then((done) => done && socket.send(done, from.port, from.address));
      else if (answer) socket.send(answer, from.port, from.address);
    });
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(where, () => {
        socket.off("error", reject).on("error", (error) => this.#log.warn("a DNS socket failed", { error }));
        socket.setRecvBufferSize(RECEIVE_BUFFER);
        this.#udp.push(socket);
        resolve(socket.address().port);
      });
    });
  }

  #listenTcp(where: { fd: number } | { host: string; port: number }): Promise<number> {
    const server = createServer((socket) => this.#serve(socket));
    server.maxConnections = MOST_CONNECTIONS;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(where, () => {
        this.#tcp.push(server);
        const address = server.address();
        resolve(address && typeof address === "object" ? address.port : 0);
      });
    });
  }

  /** Messages on TCP have their length in front. */
  #serve(socket: Socket): void {
    this.#connections.add(socket);
    socket.on("close", () => this.#connections.delete(socket)).on("error", () => socket.destroy());
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    let pending: Buffer = Buffer.alloc(0);
    let order: Promise<void> = Promise.resolve();
    socket.on("data", (chunk: Buffer) => {
      pending = pending.length > 0 ? Buffer.concat([pending, chunk]) : chunk;
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const end = 2 + pending.readUInt16BE(0);
        const answer = this.#respond(pending.subarray(2, end), "tcp");
        pending = pending.subarray(end);
        if (!answer) return void socket.destroy();
        order = order.then(async () => {
          const done = await answer;
          if (done) socket.write(framed(done));
        });
      }
    });
  }

  /** A fault of ours costs one answer and never the server. */
  #respond(message: Buffer, transport: "udp" | "tcp"): Buffer | Promise<Buffer | undefined> | undefined {
    const failed = (error: unknown) => {
      this.#log.error("a DNS query could not be answered", { error });
      return undefined;
    };
    try {
      const answer = this.#responder.respond(message, transport);
      return answer instanceof Promise ? answer.catch(failed) : answer;
    } catch (error) {
      return failed(error);
    }
  }
}

function framed(message: Buffer): Buffer {
  const size = Buffer.alloc(2);
  size.writeUInt16BE(message.length);
  return Buffer.concat([size, message]);
}
