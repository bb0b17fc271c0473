/**
 * One request and its answer, the same for HTTP/1.1 and HTTP/2, as thin as can be over Node's own objects.
 * Holds: exactly one of `respond`, `stream` and `upgrade.accept` is called, once. A client that leaves is no error: what is
 * written afterwards is dropped, and `onClose` tells. Header names given to `respond` and `stream` are in lower case.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Certificate } from "../x509/certificate.ts";
import type { Frame } from "./frame.ts";

export interface Exchange {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  readonly protocol: "h1" | "h2";
  readonly peer: Peer;
  /** Tells the front who asks, once that is known: who has very many connections gets them read in turns. */
  askedBy?(asker: string): void;
  /** No more is asked over this connection: what is under way is answered, then it ends. HTTP/2 alone has many requests to a connection. */
  lastOfConnection?(): void;
  /** Name, value, name, value, ... as they were sent; what came several times stands here several times. */
  readonly rawHeaders: readonly string[];
  /** By name in lower case; several values are joined with a comma. */
  header(name: string): string | undefined;
  /** The whole body. Rejects with `BodyTooLargeError` above the limit, and with `ClientGoneError` when it ends too early. */
  readBody(limit: number): Promise<Uint8Array>;
  /** The body as it comes, for proxies. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Headers are name, value, name, value, ...; the length of the body is added. */
  respond(status: number, headers: readonly string[], body?: Uint8Array | readonly Uint8Array[]): void;
  /** Begins an answer whose parts come later. */
  stream(status: number, headers: readonly string[]): ChunkSink;
  /** Whether an answer that was given whole need not be waited for: the kernel takes it, however slowly the client reads. */
  readonly isTaken: boolean;
  /** Breaks an answer off that the client has not taken whole, so that it sees that; over HTTP/1.1 its connection ends. */
  abort(): void;
  /** Runs when the answer has been sent or the client is gone; at once if that has happened. */
  onClose(run: () => void): void;
  /** Told once, when the answer begins, or the connection is given away (101): its status, and its size where that is known (streams have none). */
  onAnswer?: ((status: number, size: number | undefined) => void) | undefined;
  /** Present when the client asks to go on with another protocol (HTTP/1.1 only). */
  readonly upgrade?: Upgrade;
}

export interface ChunkSink {
  write(frame: Frame): void;
  /** What waits to be taken by the client. */
  readonly pendingBytes: number;
  /** Resolves when nothing waits any more, or the client is gone. */
  drained(): Promise<void>;
  end(): void;
  /** Breaks the answer off, so that the client sees that it is not whole. */
  abort(): void;
  readonly closed: boolean;
}

export interface Upgrade {
  /** The Upgrade header, in lower case: `websocket`, `spdy/3.1`. */
  readonly protocol: string;
  readonly request: IncomingMessage;
  /**
   * Gives the connection away, with what was already read of it; the caller writes the 101. When the port goes it is broken off at once, unless
   * the caller ends it by himself then.
   */
  accept(endsItself?: boolean): { socket: Duplex; head: Buffer };
}

export interface Peer {
  readonly address: string;
  readonly port: number;
  /** The client's certificate when it gave one that the authorities signed; read once for each connection. */
  certificate(): Certificate | undefined;
  /** Why a certificate that was given is not good. */
  certificateError(): string | undefined;
}

export class BodyTooLargeError extends Error {
  readonly limit: number;

  constructor(limit: number) {
    super(`the request body is larger than ${limit} bytes`);
    this.name = "BodyTooLargeError";
    this.limit = limit;
  }
}

export class ClientGoneError extends Error {
  constructor() {
    super("the client left before the request was whole");
    this.name = "ClientGoneError";
  }
}
