/** The server's side of a WebSocket handshake: chooses the protocol, then takes the connection over. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Upgrade } from "../http/exchange.ts";

export interface AcceptedWebSocket {
  readonly socket: WebSocket;
  /** Empty when the client offered none. */
  readonly protocol: string;
}

/** Messages larger than this end the connection. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** The first of the client's protocols that is supported; undefined when it offered only others. */
export function chooseProtocol(request: IncomingMessage, supported: readonly string[]): string | undefined {
  const offered = (request.headers["sec-websocket-protocol"] ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (offered.length === 0) return "";
  return offered.find((name) => supported.includes(name));
}

/** Completes the handshake with a protocol that `chooseProtocol` gave. Rejects when the client's request is malformed. */
export function acceptWebSocket(upgrade: Upgrade, protocol: string): Promise<AcceptedWebSocket> {
  const { request } = upgrade;
  const { socket: connection, head } = upgrade.accept();
  return handshake(request, connection, head, protocol);
}

function handshake(
  request: IncomingMessage,
  connection: Duplex,
  head: Buffer,
  protocol: string,
): Promise<AcceptedWebSocket> {
  return new Promise((resolve, reject) => {
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
    });
    // Names like `SPDY/3.1+portforward.k8s.io` are no tokens, and `ws` would refuse them: it does not get to see them.
    delete request.headers["sec-websocket-protocol"];
    if (protocol) server.on("headers", (lines) => lines.push(`Sec-WebSocket-Protocol: ${protocol}`));
    server.on("wsClientError", (error, socket) => {
      socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
      reject(error);
    });
    server.handleUpgrade(request, connection, head, (socket) => resolve({ socket, protocol }));
  });
}
