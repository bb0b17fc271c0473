/** A request to a server behind the ingress, and what comes of it. */
import type { Duplex } from "node:stream";
import type { BodySink, BodySource, Framing, Headers, ResponseHead } from "./message.ts";

/** Where a server is, and how it is spoken to. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly protocol: "h1" | "h2";
  readonly isSecure: boolean;
}

export interface Timeouts {
  readonly connectMs: number;
  /** Without a byte either way. */
  readonly readMs: number;
}

export interface OutgoingRequest {
  readonly method: string;
  readonly target: string;
  /** What the server is told of its name. */
  readonly host: string;
  readonly headers: Headers;
  readonly framing: Framing;
  /** The protocol to change to, or "". */
  readonly upgrade: string;
  /** The name in the TLS handshake, where there is one. */
  readonly serverName: string;
}

export interface Failure {
  /** Not connected; the connection broke or was refused; nothing came in time; what came makes no sense. */
  readonly kind: "connect" | "closed" | "timeout" | "malformed";
  /** On a connection that had stood idle, which the server may have ended at the same moment. */
  readonly reused: boolean;
  readonly message: string;
}

/** `failed` is told instead of a head or a switch, once and last; after the head, it is the body that fails. */
export interface OutgoingHandlers {
  /** The connection stands: the body of the request may come. */
  ready(sink: BodySink): void;
  inform(status: number, headers: Headers): void;
  head(head: ResponseHead, body: BodySource): void;
  switched(head: ResponseHead, connection: Duplex): void;
  failed(failure: Failure): void;
}

export interface Outgoing {
  /** Nobody waits for the answer any more. Nothing is told after it. */
  cancel(): void;
}

export const targetKey = ({ host, port, protocol, isSecure }: Target): string =>
  `${protocol}${isSecure ? "s" : ""} ${host} ${port}`;
