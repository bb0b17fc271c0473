/**
 * A program that serves and asks inside of one network namespace, told by lines of JSON on standard input. Its servers answer with
 * their name and whom they saw asking; to datagrams with as many letters as those had.
 */
import { createSocket } from "node:dgram";
import { connect, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";

export interface AgentOrder {
  readonly id: number;
  readonly do: "serve" | "ask" | "hold" | "poke";
  readonly protocol: "TCP" | "UDP";
  readonly host: string;
  readonly port: number;
  /** What a server calls itself; what a held connection is called. */
  readonly name?: string;
  /** Where a datagram comes from. */
  readonly localPort?: number;
  readonly timeoutMs?: number;
  /** How long a datagram is. */
  readonly size?: number;
}

const held = new Map<string, Socket>();

const serveTcp = ({ host, port, name }: AgentOrder) =>
  new Promise<string>((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", () => socket.write(`${name} ${socket.remoteAddress}`));
    });
    server.once("error", reject);
    server.listen(port, host, () => resolve("serving"));
  });

const serveUdp = ({ host, port, name }: AgentOrder) =>
  new Promise<string>((resolve, reject) => {
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    socket.once("error", reject);
    socket.on("message", (asked, from) =>
      socket.send(`${name} ${from.address}`.padEnd(asked.length), from.port, from.address),
    );
    socket.bind(port, host, () => resolve("serving"));
  });

const say = (socket: Socket) =>
  new Promise<string>((resolve, reject) => {
    socket.once("data", (data) => resolve(data.toString()));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed")));
    socket.write("?");
  });

function askTcp({ host, port, timeoutMs = 2000 }: AgentOrder): Promise<string> {
  const socket = connect({ host, port });
  return inTime(say(socket), timeoutMs).finally(() => socket.destroy());
}

function askUdp({ host, port, localPort = 0, timeoutMs = 2000, size = 1 }: AgentOrder): Promise<string> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  const answer = new Promise<string>((resolve, reject) => {
    socket.once("error", reject);
    socket.once("message", (data) => resolve(data.toString()));
    // Connected, so that a refusal comes back as an error.
    socket.bind(localPort, () => socket.connect(port, host, () => socket.send("?".repeat(size), () => {})));
  });
  return inTime(answer, timeoutMs).finally(() => socket.close());
}

function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("timeout")), timeoutMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function carryOut(order: AgentOrder): Promise<string> {
  const { do: what, protocol, host, port, name = "", timeoutMs = 2000 } = order;
  if (what === "serve") return protocol === "TCP" ? serveTcp(order) : serveUdp(order);
  if (what === "ask") return protocol === "TCP" ? askTcp(order) : askUdp(order);
  if (what === "hold") held.set(name, connect({ host, port }));
  return inTime(say(held.get(name) as Socket), timeoutMs);
}

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as AgentOrder;
  void carryOut(order)
    .then(
      (text) => ({ id: order.id, text }),
      (error: NodeJS.ErrnoException) => ({ id: order.id, error: error.code ?? error.message }),
    )
    .then((answer) => process.stdout.write(`${JSON.stringify(answer)}\n`));
}
process.exit(0);
