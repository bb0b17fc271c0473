/**
 * The way to an API server, as the client sees it: wire's Transport (HTTP, in-process), and a watch that a transport within the server's
 * process can offer. `watch` hands over the server's own shared objects without serialising anything; without it the client reads
 * the lines of an HTTP watch itself.
 */
export interface ApiRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array;
  /** Instead of `body`, where the transport `takesObjects`: a plain object that nobody changes any more. */
  readonly object?: unknown;
  readonly signal?: AbortSignal;
}

export interface ApiResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  bytes(): Promise<Uint8Array>;
  stream(): AsyncIterable<Uint8Array>;
  /** The server's own object, which is shared and not to be changed. */
  object?(): unknown;
}

export interface Transport {
  request(request: ApiRequest): Promise<ApiResponse>;
  /** Rejects with a StatusError when the server refuses. After `stop`, and after `closed`, the sink hears nothing more. */
  watch?(request: ApiRequest, sink: TransportWatchSink): Promise<{ stop(): void }>;
  /** Set by transports that take `object` instead of `body`. */
  readonly takesObjects?: boolean;
  close(): void | Promise<void>;
}

export interface TransportWatchSink {
  events(batch: readonly { readonly type: string; readonly object: unknown }[]): void;
  closed(error?: Error): void;
}
