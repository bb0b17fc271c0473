/** The handshake of SPDY/3.1 by HTTP/1.1's Upgrade, on both sides, with the protocol above it in a header. */
import { request as httpsRequest, type RequestOptions } from "node:https";
import type { Duplex } from "node:stream";
import { request as httpRequest } from "@kubets/machinery/node-http";
import type { Upgrade } from "../http/exchange.ts";
import { UpgradeRefusedError } from "../streams/refused.ts";
import type { StreamSession } from "../streams/session.ts";
import { spdySession } from "./session.ts";

/** The protocols of exec and attach over SPDY, newest first. Version 5 is of WebSockets alone. */
export const SPDY_COMMAND_PROTOCOLS = [
  "v4.channel.k8s.io",
  "v3.channel.k8s.io",
  "v2.channel.k8s.io",
  "channel.k8s.io",
] as const;

export const SPDY_PORT_FORWARD_PROTOCOL = "portforward.k8s.io";

const PROTOCOL_HEADER = "x-stream-protocol-version";

/** The first of the client's protocols that is supported. A client that offers none gets the last one supported. */
export function chooseSpdyProtocol(upgrade: Upgrade, supported: readonly string[]): string | undefined {
  const { headersDistinct } = upgrade.request;
  const offered = (headersDistinct[PROTOCOL_HEADER] ?? [])
    .flatMap((line) => line.split(","))
    .map((name) => name.trim());
  if (offered.length === 0) return supported.at(-1);
  return offered.find((name) => supported.includes(name));
}

/** Switches to SPDY with a protocol that `chooseSpdyProtocol` gave. */
export function acceptSpdy(upgrade: Upgrade, protocol: string): StreamSession {
  const { socket, head } = upgrade.accept();
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
  return spdySession(socket, { side: "server", protocol, head });
}

interface SpdyTarget extends Pick<RequestOptions, "ca" | "cert" | "key" | "agent"> {
  /** `https://host:port/path?query`, or `http://`. */
  readonly url: string;
  readonly method?: string;
  readonly protocols: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly serverName?: string;
  readonly insecureSkipVerify?: boolean;
  readonly signal?: AbortSignal;
  /** A connection that is there already, instead of a new one; only in plain text. */
  readonly connection?: Duplex;
}

/** Opens a session. Rejects with `UpgradeRefusedError` when the server answers with anything but the switch. */
export function openSpdy(target: SpdyTarget): Promise<StreamSession> {
  const {
    url,
    method = "POST",
    protocols,
    headers,
    serverName,
    insecureSkipVerify,
    connection,
    agent,
    ...rest
  } = target;
  const start = url.startsWith("https:") ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = start(url, {
      ...rest,
      method,
      // Node asks `createConnection` only where no agent is given at all.
      ...(connection ? { createConnection: () => connection } : { agent: agent ?? false }),
      ...(serverName && { servername: serverName }),
      ...(insecureSkipVerify && { rejectUnauthorized: false }),
      headers: {
        ...headers,
        connection: "Upgrade",
        upgrade: "SPDY/3.1",
        [PROTOCOL_HEADER]: [...protocols],
        "content-length": "0",
      },
    });
    request.on("error", reject);
    request.on("upgrade", (response, socket, head) => {
      const protocol = String(response.headers[PROTOCOL_HEADER] ?? "");
      resolve(spdySession(socket, { side: "client", protocol, head }));
    });
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("close", () => reject(new UpgradeRefusedError(response.statusCode ?? 0, Buffer.concat(chunks))));
    });
    request.end();
  });
}
