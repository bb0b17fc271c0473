/** Connections through a proxy by CONNECT of HTTP/1.1: over TCP, over TLS, or over a Unix socket. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, createSecureContext } from "node:tls";
import { joinHostPort } from "@kubets/machinery/ip";
import type { ProxyPlace } from "./configuration.ts";
import { type Proxy, ProxyUnreachable } from "./proxy.ts";

const LONGEST_ANSWER = 16 * 1024;

interface Way {
  readonly address: string;
  /** When a connection is there. */
  readonly ready: "connect" | "secureConnect";
  open(): Socket;
}

/** Reads the files of TLS at once, so that what is wrong with them is told at start. */
export function connectProxy(place: ProxyPlace): Proxy {
  const { address, ready, open } = place.uds ? overUnixSocket(place.uds.udsName) : overTcp(place.tcp);
  return {
    labels: { protocol: "http_connect", transport: place.uds ? "uds" : "tcp" },
    async dial(host, port, signal) {
      const socket = open();
      // Errors reach whoever waits; without anybody they are passed over.
      socket.on("error", () => {});
      try {
        await once(socket, ready, { signal }).catch((error: unknown) => {
          throw new ProxyUnreachable(address, error as Error);
        });
        await tunnel(socket, address, joinHostPort(host, port), signal);
        return socket;
      } catch (error) {
        socket.destroy();
        throw error;
      }
    },
  };
}

const overUnixSocket = (path: string): Way => ({
  address: path,
  ready: "connect",
  open: () => connectTcp({ path }),
});

function overTcp({ url, tlsConfig }: NonNullable<ProxyPlace["tcp"]>): Way {
  const { hostname, port: given } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const port = Number(given || (tlsConfig ? 443 : 80));
  const address = joinHostPort(host, port);
  if (!tlsConfig) return { address, ready: "connect", open: () => connectTcp({ host, port }) };
  const secureContext = createSecureContext({
    cert: readFileSync(tlsConfig.clientCert),
    key: readFileSync(tlsConfig.clientKey),
    ...(tlsConfig.caBundle && { ca: readFileSync(tlsConfig.caBundle) }),
  });
  const servername = isIP(host) ? "" : host;
  return {
    address,
    ready: "secureConnect",
    open: () => connectTls({ host, port, servername, secureContext }),
  };
}

/** Resolves once the proxy has made the connection; nothing was read beyond its answer. */
async function tunnel(socket: Socket, proxy: string, target: string, signal: AbortSignal): Promise<void> {
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  const { head, beyond } = await answerOf(socket, signal).catch((cause: unknown) => {
    const why = (cause as Error).message;
    throw new Error(`reading HTTP response from CONNECT to ${target} via proxy ${proxy} failed: ${why}`, { cause });
  });
  if (!head.startsWith("200"))
    throw new Error(`proxy error from ${proxy} while dialing ${target}, code ${head.slice(0, 3)}: ${head}`);
  // Whoever is connected to hears first: TLS and HTTP begin with the client.
  if (beyond > 0)
    throw new Error(`unexpected ${beyond} bytes of buffered data from CONNECT proxy ${JSON.stringify(proxy)}`);
}

/**
 * The status of the answer ("200 OK"), and how much more was read than its head. Read as it comes, not by `data`, so that whoever takes the
 * socket then finds it as if new.
 */
function answerOf(socket: Socket, signal: AbortSignal): Promise<{ readonly head: string; readonly beyond: number }> {
  let read = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    const stop = () => {
      socket.off("readable", more).off("error", fail).off("end", ended);
      signal.removeEventListener("abort", late);
    };
    const fail = (error: Error) => {
      stop();
      reject(error);
    };
    const ended = () => fail(new Error("unexpected EOF"));
    const late = () => fail(signal.reason as Error);
    const more = () => {
      for (let chunk = socket.read() as Buffer | null; chunk; chunk = socket.read() as Buffer | null)
        read = Buffer.concat([read, chunk]);
      const end = read.indexOf("\r\n\r\n");
      if (end < 0 && read.length < LONGEST_ANSWER) return;
      const [, head] = /^HTTP\/1\.\d (\d{3}(?: [^\r\n]*)?)\r\n/.exec(read.toString("latin1")) ?? [];
      if (end < 0 || head === undefined) return fail(new Error("malformed HTTP response"));
      stop();
      resolve({ head, beyond: read.length - end - 4 });
    };
    socket.on("readable", more).on("error", fail).on("end", ended);
    signal.addEventListener("abort", late, { once: true });
  });
}
