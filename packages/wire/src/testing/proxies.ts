/** Proxies for tests: one that speaks CONNECT, one that speaks SOCKS 5. They tell whom they were asked for, and by whom. */
import { once } from "node:events";

import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createHttpServer } from "@kubets/machinery/node-http";

export interface TestProxy {
  readonly port: number;
  /** "name:password host:port" of each connection, in order. */
  readonly asked: readonly string[];
  close(): void;
}

interface ProxyOptions {
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Refuses everything. */
  readonly refuses?: boolean;
}

export async function connectProxy({ tls, refuses = false }: ProxyOptions = {}): Promise<TestProxy> {
  const asked: string[] = [];
  const server = tls ? createHttpsServer(tls) : createHttpServer();
  server.on("connect", (request, client: Socket, head: Buffer) => {
    const [, login = ""] = (request.headers["proxy-authorization"] ?? "").split(" ");
    asked.push(`${Buffer.from(login, "base64")} ${request.url}`);
    if (refuses) return client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    const { hostname, port } = new URL(`http://${request.url}`);
    join(client, hostname, Number(port), "HTTP/1.1 200 OK\r\n\r\n", head);
  });
  return started(server, asked);
}

/** Wants a name and password where they are offered. */
export async function socksProxy({ refuses = false }: ProxyOptions = {}): Promise<TestProxy> {
  const asked: string[] = [];
  const server = createServer(async (client) => {
    client.on("error", () => {});
    const ways = await counted(client, 1);
    let login = "";
    if (ways.includes(2)) {
      client.write(Buffer.from([5, 2]));
      login = `${await counted(client, 1)}:${await counted(client, 0)}`;
      client.write(Buffer.from([1, 0]));
    } else client.write(Buffer.from([5, 0]));
    const [, , , kind] = await take(client, 4);
    const host = kind === 1 ? [...(await take(client, 4))].join(".") : String(await counted(client, 0));
    const port = (await take(client, 2)).readUInt16BE();
    asked.push(`${login} ${host}:${port}`);
    if (refuses) return client.end(Buffer.from([5, 2, 0, 1, 0, 0, 0, 0, 0, 0]));
    join(client, host, port, Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
  });
  return started(server, asked);
}

/** What stands behind `skipped` bytes and its own length. */
async function counted(socket: Socket, skipped: number): Promise<Buffer> {
  const head = await take(socket, skipped + 1);
  return take(socket, head[skipped] as number);
}

async function take(socket: Socket, count: number): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read(count) as Buffer | null;
    if (bytes) return bytes;
    await once(socket, "readable");
  }
}

function join(client: Socket, host: string, port: number, greeting: string | Buffer, head?: Buffer): void {
  const server = connect({ host, port });
  client.write(greeting);
  if (head?.length) server.write(head);
  client.on("error", () => server.destroy());
  server.on("error", () => client.destroy());
  client.pipe(server).pipe(client);
}

async function started(server: Server, asked: readonly string[]): Promise<TestProxy> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as AddressInfo).port, asked, close };
}
