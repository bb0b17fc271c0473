/**
 * The seam between a front (sockets, framing, encryption) and the core (from routing to commit): one request and its answer. A front gives and
 * takes only strings and shared bytes, so it can live in a thread of its own. Callers in this process come in here too, behind TLS, with a
 * user of their own; they may hand over and be handed objects instead of bytes.
 */
import type { ChunkSink } from "@kubets/wire/http";
import type { ClientCertificate, User } from "../authn/authenticator.ts";
import type { BatchEvent } from "../store/event-batch.ts";

export interface CoreExchange {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  readonly remoteAddress: string;
  header(name: string): string | undefined;
  /** The verified certificate of the client. */
  certificate(): ClientCertificate | undefined;
  /** The whole body; throws a StatusError above the limit. */
  readBody(limit: number): Promise<Uint8Array>;
  /** Headers are name, value, name, value, ... */
  respond(status: number, headers: readonly string[], body?: Uint8Array | readonly Uint8Array[]): void;
  stream(status: number, headers: readonly string[]): ChunkSink;
  /** Runs when the answer has ended or the client is gone. */
  onClose(run: () => void): void;
  readonly direct?: DirectCaller;
}

/** A caller in this process. */
export interface DirectCaller {
  readonly user: User;
  /** What it sends, instead of bytes; the server copies what it keeps. */
  readonly object?: unknown;
  /** Takes an answer as the server's own shared object. */
  respond(status: number, object: unknown): void;
  /** Takes events as the server's own shared objects, until the returned function is called by the server. */
  watch(): DirectWatch;
}

export interface DirectWatch {
  events(batch: readonly BatchEvent[]): void;
  end(error?: Error): void;
  onStop(run: () => void): void;
}
