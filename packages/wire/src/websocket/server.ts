/** The server's side of a WebSocket handshake: chooses the protocol, then takes the connection over. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { badRequest } from "@kubets/machinery";
import { type WebSocket, WebSocketServer } from "ws";
import { ClientGoneError, type Upgrade } from "../http/exchange.ts";

export interface AcceptedWebSocket {
  readonly socket: WebSocket;
  /** What it runs on. */
  readonly connection: Duplex;
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

/**
 * Completes the handshake with a protocol that `chooseProtocol` gave. Until then the request can be answered like any other: what is wrong with it is thrown before
 * anything is sent. Who says that it ends itself is not broken off when the port goes (see `Upgrade`).
 */
export function acceptWebSocket(upgrade: Upgrade, protocol: string, endsItself = false): AcceptedWebSocket {
  const { request } = upgrade;
  checkHandshake(request);
  const { socket: connection, head } = upgrade.accept(endsItself);
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  // Names like `SPDY/3.1+portforward.k8s.io` are no tokens, and `ws` would refuse them: it does not get to see them.
  delete request.headers["sec-websocket-protocol"];
  if (protocol) server.on("headers", (lines) => lines.push(`Sec-WebSocket-Protocol: ${protocol}`));
  let accepted: WebSocket | undefined;
  server.handleUpgrade(request, connection, head, (socket) => {
    accepted = socket;
  });
  // It is there by now, unless the client is not.
  if (!accepted) throw new ClientGoneError();
  return { socket: accepted, connection, protocol };
}

function checkHandshake({ method, headers, socket }: IncomingMessage): void {
  if (method !== "GET") throw badRequest(`a WebSocket is opened by GET, not by ${method}`);
  if (headers["sec-websocket-version"] !== "13") throw badRequest("Sec-WebSocket-Version must be 13");
  if (!/^[+/0-9A-Za-z]{22}==$/.test(headers["sec-websocket-key"] ?? ""))
    throw badRequest("Sec-WebSocket-Key must be 16 bytes in base64");
  if (!socket.readable || !socket.writable) throw new ClientGoneError();
}
