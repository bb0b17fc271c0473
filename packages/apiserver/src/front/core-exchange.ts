/**
 * The seam between a front (sockets, framing, encryption) and the core (from routing to commit): one request and its answer. A front gives and
 * takes only strings and shared bytes, so it can live in a thread of its own. Callers in this process come in here too, behind TLS, with a
 * user of their own; they may hand over and be handed objects instead of bytes.
 */
import type { Exchange } from "@kubets/wire/http";
import type { AuditRecord } from "../audit/record.ts";
import type { Credentials, User } from "../authn/authenticator.ts";
import type { BatchEvent } from "../store/event-batch.ts";
import type { Deadline } from "./deadlines.ts";

export interface CoreExchange
  extends Pick<Exchange, "method" | "url" | "header" | "readBody" | "respond" | "stream" | "onClose" | "onAnswer"> {
  readonly peer: Credentials["peer"];
  /** What came over a socket, for what is passed on to nodes. */
  readonly socket?: Exchange;
  readonly direct?: DirectCaller;
  /** What is told of the request, where the audit policy wants something told. */
  audit?: AuditRecord | undefined;
  /** Until when it is to be answered: what is answered behind that goes nowhere. */
  deadline?: Deadline | undefined;
  /** Name, value, ...: they go with whatever is answered. */
  addHeaders(headers: readonly string[]): void;
}

/** A caller in this process. */
export interface DirectCaller {
  readonly user: User;
  /** What it sends, instead of bytes; the server copies what it keeps. */
  readonly object?: unknown;
  /** Takes an answer as the server's own shared object. */
  respond(status: number, object: unknown): void;
  /** Takes events as the server's own shared objects. */
  watch(): DirectWatch;
}

export interface DirectWatch {
  events(batch: readonly BatchEvent[]): void;
  end(error?: Error): void;
  onStop(run: () => void): void;
}
