/**
 * The seam between a client and an API server.
 *
 * The contract: `request` resolves when the head of the answer is there, whatever its status, and rejects with a
 * `TransportError` when there is none, or with the signal's reason when aborted. Exactly one of `bytes`, `stream` and
 * `object` is called on an answer; an answer that nobody wants is cancelled by leaving the loop over `stream`. A transport
 * never tries again what may have had an effect; waiting between tries is the caller's.
 *
 * A transport inside the server's process may set `takesObjects`: then `object` may be given instead of `body`, a plain
 * object that nobody changes afterwards, and answers may offer `object()`, the server's own object, shared and frozen.
 */
import type { StreamHeaders, StreamSession } from "../streams/session.ts";

export interface ApiRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly object?: unknown;
  readonly signal?: AbortSignal;
}

export interface ApiResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The whole body; rejects when the connection breaks before its end. */
  bytes(): Promise<Uint8Array>;
  /** The body as it comes: a watch, a log. Ends when the server ends it, throws when the connection breaks. */
  stream(): AsyncIterable<Uint8Array>;
  object?(): unknown;
}

/** A request for exec, attach or port-forward. */
export interface UpgradeRequest {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** In order of preference. */
  readonly protocols: readonly string[];
  /** What carries the streams; WebSocket by default. */
  readonly carrier?: "websocket" | "spdy";
  /** The numbered channels of a WebSocket; those of a command by default. */
  readonly channels?: readonly StreamHeaders[];
  readonly signal?: AbortSignal;
}

export interface Transport {
  readonly takesObjects?: boolean;
  request(request: ApiRequest): Promise<ApiResponse>;
  /** Rejects with an `UpgradeRefusedError`, which has the server's answer, when the server says no. */
  upgrade?(request: UpgradeRequest): Promise<StreamSession>;
  /** Breaks what is under way and lets go of connections. */
  close(): void | Promise<void>;
}

type TransportErrorReason = "unreachable" | "timeout" | "untrusted" | "broken" | "closed";

/** No answer, or half of one. */
export class TransportError extends Error {
  readonly reason: TransportErrorReason;

  constructor(reason: TransportErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TransportError";
    this.reason = reason;
  }
}
