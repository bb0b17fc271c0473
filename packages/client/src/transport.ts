/**
 * The way to an API server, as the client sees it: wire's Transport (HTTP, in-process), and a watch that a transport within the server's
 * process can offer. `watch` hands over the server's own shared objects without serialising anything; without it the client reads
 * the lines of an HTTP watch itself.
 */
import type { ApiResponse, ApiRequest as WireRequest, Transport as WireTransport } from "@kubets/wire/transport";

export type { ApiResponse };

export interface ApiRequest extends Omit<WireRequest, "headers"> {
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

export interface Transport extends Omit<WireTransport, "request" | "upgrade"> {
  request(request: ApiRequest): Promise<ApiResponse>;
  /** Rejects with a StatusError when the server refuses. After `stop`, and after `closed`, the sink hears nothing more. */
  watch?(request: ApiRequest, sink: TransportWatchSink): Promise<{ stop(): void }>;
}

export interface TransportWatchSink {
  events(batch: readonly { readonly type: string; readonly object: unknown }[]): void;
  closed(error?: Error): void;
}
