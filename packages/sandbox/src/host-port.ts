/**
 * A port of the host that leads into a namespace: listens here, connects there, and passes bytes on.
 * Holds: a side that ends its half leaves the other half open; an error on one side ends both. Closing waits for no connection.
 */
import { createSocket, type Socket as DatagramSocket, type RemoteInfo } from "node:dgram";
import { createServer, Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import type { Logger } from "@kubets/machinery";
import type { NamespaceDriver, Scope, SocketAddress } from "./namespaces/driver.ts";

export interface HostPortOptions {
  readonly driver: NamespaceDriver;
  /** 127.0.0.1 unless told otherwise. */
  readonly hostAddress?: string;
  /** 0 lets the kernel choose. */
  readonly hostPort: number;
  readonly protocol?: "tcp" | "udp";
  readonly target: SocketAddress & { readonly scope: Pick<Scope, "net"> };
  readonly log: Logger;
}

export interface HostPort {
  readonly port: number;
  close(): Promise<void>;
}

/** Rejects with EADDRINUSE when the host's port is taken. */
export const publish = (options: HostPortOptions): Promise<HostPort> =>
  options.protocol === "udp" ? publishDatagrams(options) : publishStreams(options);

function publishStreams(options: HostPortOptions): Promise<HostPort> {
  const { driver, target, log, hostAddress = "127.0.0.1", hostPort } = options;
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (outer) => {
    open.add(outer);
    outer.once("close", () => open.delete(outer));
    // Until it is connected, a client that goes away is no error.
    outer.on("error", () => {});
    lead(outer).catch((error: unknown) => {
      log.debug("a connection to a published port ended", { port: hostPort, error });
      outer.destroy();
    });
  });

  async function lead(outer: Socket): Promise<void> {
    const { fd } = await driver.connect(target.scope, target);
    const inner = new Socket({ fd, allowHalfOpen: true });
    open.add(inner);
    inner.once("close", () => open.delete(inner));
    inner.on("error", () => {});
    if (outer.destroyed) inner.destroy();
    outer.setNoDelay();
    inner.setNoDelay();
    await Promise.all([pipeline(outer, inner), pipeline(inner, outer)]);
  }

  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: hostAddress, port: hostPort }, () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : hostPort;
      const close = () =>
        new Promise<void>((done) => {
          server.close(() => done());
          for (const socket of open) socket.destroy();
        });
      resolve({ port, close });
    });
  });
}

/** A client of datagrams that has said nothing for so long is forgotten. */
const FORGET_MS = 30_000;

interface DatagramClient {
  readonly socket: DatagramSocket;
  readonly timer: NodeJS.Timeout;
}

/** Each client gets a socket of its own inside, so that answers find their way back. */
async function publishDatagrams(options: HostPortOptions): Promise<HostPort> {
  const { driver, target, log, hostAddress = "127.0.0.1", hostPort } = options;
  const clients = new Map<string, Promise<DatagramClient>>();
  const family = (host: string) => (host.includes(":") ? "udp6" : "udp4");
  const outer = createSocket(family(hostAddress));

  async function clientOf(from: RemoteInfo, key: string): Promise<DatagramClient> {
    const any = target.host.includes(":") ? "::" : "0.0.0.0";
    const { fd } = await driver.listen(target.scope, { host: any, port: 0, protocol: "udp" });
    const socket = createSocket(family(target.host));
    socket.on("message", (answer) => outer.send(answer, from.port, from.address));
    socket.on("error", () => forget(key));
    socket.bind({ fd });
    return { socket, timer: setTimeout(() => forget(key), FORGET_MS).unref() };
  }

  function forget(key: string): void {
    const client = clients.get(key);
    clients.delete(key);
    client?.then(
      ({ socket, timer }) => {
        clearTimeout(timer);
        socket.close();
      },
      () => {},
    );
  }

  outer.on("message", (message, from) => {
    const key = `${from.address} ${from.port}`;
    const client = clients.get(key) ?? clientOf(from, key);
    clients.set(key, client);
    client.then(
      ({ socket, timer }) => {
        timer.refresh();
        socket.send(message, target.port, target.host);
      },
      (error: unknown) => {
        log.debug("a datagram to a published port was dropped", { port: hostPort, error });
        forget(key);
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    outer.once("error", reject);
    outer.bind({ address: hostAddress, port: hostPort }, () => {
      outer.off("error", reject);
      outer.on("error", (error) => log.warn("a published port failed", { port: hostPort, error }));
      resolve();
    });
  });
  return {
    port: outer.address().port,
    async close() {
      for (const key of clients.keys()) forget(key);
      await new Promise<void>((resolve) => outer.close(resolve));
    },
  };
}
