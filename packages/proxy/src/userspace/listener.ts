/** A port that is open for clients, over TCP or UDP, and carries what they send to targets. */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Clock, Timer } from "@kubets/machinery";
import type { Target } from "../plan.ts";
import { TargetChoice } from "./targets.ts";

export interface Listener {
  readonly choice: TargetChoice;
  open(host: string, port: number): Promise<number>;
  /** After the targets changed. */
  retarget(): void;
  close(): Promise<void>;
}

const CONNECT_MS = 5000;

export class TcpListener implements Listener {
  readonly choice: TargetChoice;
  readonly #clock: Clock;
  readonly #server: Server;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.choice = new TargetChoice(clock);
    this.#server = createServer({ allowHalfOpen: true }, (client) => void this.#carry(client));
  }

  async open(host: string, port: number): Promise<number> {
    this.#server.listen({ host, port, ipv6Only: host === "::" });
    await once(this.#server, "listening");
    const address = this.#server.address();
    return address && typeof address === "object" ? address.port : 0;
  }

  /** Connections that exist stay. */
  retarget(): void {}

  close(): Promise<void> {
    // Those that are open go on without us listening.
    this.#server.close();
    return Promise.resolve();
  }

  async #carry(client: Socket): Promise<void> {
    client.on("error", () => client.destroy());
    const name = client.remoteAddress ?? "";
    for (const target of this.choice.order(name)) {
      const server = await this.#connect(target);
      if (!server) continue;
      this.choice.chosen(name, target);
      server.on("error", () => client.resetAndDestroy()).on("close", () => client.destroySoon());
      client.on("close", () => server.destroySoon());
      client.pipe(server);
      server.pipe(client);
      return;
    }
    client.resetAndDestroy();
  }

  #connect({ ip, port }: Target): Promise<Socket | undefined> {
    return new Promise((resolve) => {
      const socket = connect({ host: ip, port, allowHalfOpen: true, noDelay: true });
      const timer = this.#clock.after(CONNECT_MS, () => socket.destroy(new Error("no connection in time")));
      const done = (result: Socket | undefined) => {
        timer.cancel();
        socket.off("error", failed);
        resolve(result);
      };
      const failed = () => {
        socket.on("error", () => {});
        done(undefined);
      };
      socket.once("error", failed);
      socket.once("connect", () => done(socket));
    });
  }
}

interface Flow {
  readonly target: Target;
  readonly socket: UdpSocket;
  idle: Timer;
}

const UDP_IDLE_MS = 60_000;

export class UdpListener implements Listener {
  readonly choice: TargetChoice;
  readonly #clock: Clock;
  readonly #flows = new Map<string, Flow>();
  #socket: UdpSocket | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.choice = new TargetChoice(clock);
  }

  async open(host: string, port: number): Promise<number> {
    const ipv6 = host.includes(":");
    const socket = createSocket({ type: ipv6 ? "udp6" : "udp4", ipv6Only: ipv6 });
    this.#socket = socket;
    socket.on("message", (message, from) => this.#carry(message, from.address, from.port));
    socket.bind(port, host);
    await once(socket, "listening");
    socket.on("error", () => {});
    return socket.address().port;
  }

  retarget(): void {
    for (const [client, flow] of this.#flows) if (!this.choice.has(flow.target)) this.#drop(client, flow);
  }

  close(): Promise<void> {
    for (const [client, flow] of this.#flows) this.#drop(client, flow);
    return new Promise((resolve) => {
      if (this.#socket) this.#socket.close(() => resolve());
      else resolve();
    });
  }

  #carry(message: Buffer, address: string, port: number): void {
    const client = `${address} ${port}`;
    const flow = this.#flows.get(client) ?? this.#begin(client, address, port);
    if (!flow) return;
    flow.idle.cancel();
    flow.idle = this.#clock.after(UDP_IDLE_MS, () => this.#drop(client, flow));
    flow.socket.send(message, flow.target.port, flow.target.ip);
  }

  #begin(client: string, address: string, port: number): Flow | undefined {
    const [target] = this.choice.order(address);
    if (!target) return undefined;
    this.choice.chosen(address, target);
    const socket = createSocket(target.ip.includes(":") ? "udp6" : "udp4");
    const flow: Flow = { target, socket, idle: { cancel() {} } };
    socket.on("message", (answer) => this.#socket?.send(answer, port, address));
    socket.on("error", () => this.#drop(client, flow));
    this.#flows.set(client, flow);
    return flow;
  }

  #drop(client: string, flow: Flow): void {
    if (this.#flows.get(client) !== flow) return;
    this.#flows.delete(client);
    flow.idle.cancel();
    flow.socket.close();
  }
}
