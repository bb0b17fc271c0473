/**
 * A proxy for tests, by CONNECT: whatever host is asked for, it connects to that port of loopback, so that what arrives has come through it.
 * Listens on loopback, with TLS if it is given any, or on a Unix socket.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { joinStreams } from "@kubets/machinery/join-streams";

interface ConnectProxyOptions {
  readonly tls?: TlsOptions;
  /** Of a Unix socket. */
  readonly path?: string;
  /** Said in place of making the connection. */
  readonly answer?: string;
}

const ASKED = /^CONNECT (\S+):(\d+) HTTP\/1\.1\r\nHost: \1:\2\r\n(?:Proxy-Authorization: Basic (\S+)\r\n)?\r\n$/;

export async function startConnectProxy({ tls, path, answer }: ConnectProxyOptions = {}) {
  const [targets, logins]: [string[], string[]] = [[], []];
  const open = new Set<Socket>();
  const accept = (near: Socket) => {
    open.add(near);
    near.on("error", () => {}).once("close", () => open.delete(near));
    near.once("data", (head) => {
      const [, host = "", port = "", login] = ASKED.exec(String(head)) ?? [];
      targets.push(`${host}:${port}`);
      if (login) logins.push(String(Buffer.from(login, "base64")));
      if (answer !== undefined) return near.end(answer);
      near.pause();
      const far = connect({ host: "127.0.0.1", port: Number(port) }, () => {
        near.write("HTTP/1.1 200 Connection established\r\n\r\n");
        joinStreams(near, far);
      });
      far.on("error", () => near.destroy());
    });
  };
  const server = tls ? createTlsServer(tls, accept) : createServer(accept);
  server.listen(path ? { path } : { host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const { port } = path ? { port: 0 } : (server.address() as AddressInfo);
  return {
    url: `${tls ? "https" : "http"}://localhost:${port}`,
    port,
    /** What was asked for, in order. */
    targets,
    /** The "name:password" that came with it, where one came. */
    logins,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

export type ConnectProxy = Awaited<ReturnType<typeof startConnectProxy>>;
