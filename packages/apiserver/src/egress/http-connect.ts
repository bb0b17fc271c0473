/** Connections through a proxy by CONNECT of HTTP/1.1: over TCP, over TLS, or over a Unix socket. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, createSecureContext } from "node:tls";
import { joinHostPort } from "@kubets/machinery/ip";
import { tunnel } from "@kubets/wire/transport/connect-tunnel";
import type { ProxyPlace } from "./configuration.ts";
import { type Proxy, ProxyUnreachable } from "./proxy.ts";

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
        await tunnel(socket, { proxy: address, target: joinHostPort(host, port), signal });
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
