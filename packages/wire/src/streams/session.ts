/**
 * Several byte streams over one connection: what exec, attach and port-forward run on. WebSocket channels and SPDY give
 * the same, so that servers and clients of those are written once.
 * Holds: each stream is a Node `Duplex` with back pressure; ending it closes our half, destroying it tells the other side.
 * When the connection breaks every stream is destroyed with the error.
 */
import type { Duplex } from "node:stream";

/** `stdin`, `stdout`, `stderr`, `error`, `resize` of a command; `data` and `error` of a forwarded port. */
export type StreamType = "stdin" | "stdout" | "stderr" | "error" | "resize" | "data";

/** How a stream is announced: its type, and for forwarded ports which port and which connection. */
export interface StreamHeaders {
  readonly streamtype: StreamType;
  readonly port?: string;
  readonly requestid?: string;
}

export interface SessionStream extends Duplex {
  readonly id: number;
  readonly headers: StreamHeaders;
}

export interface StreamSession {
  /** What was agreed on: `v5.channel.k8s.io`, `v4.channel.k8s.io`, `portforward.k8s.io`, ... */
  readonly protocol: string;
  /** Streams that the other side opens. Those that came before are given at once; there is one listener. */
  onStream(run: (stream: SessionStream) => void): void;
  open(headers: StreamHeaders): SessionStream;
  /** Sends what is written, then ends the connection. */
  close(): void;
  /** Breaks the connection. */
  destroy(error?: Error): void;
  /** Resolves, and never rejects, when the connection has ended: with the error that ended it. */
  readonly closed: Promise<Error | undefined>;
}

/** Streams that came before anybody listened, and the listener. */
export class StreamInbox {
  readonly #waiting: SessionStream[] = [];
  #listener: ((stream: SessionStream) => void) | undefined;

  put(stream: SessionStream): void {
    if (this.#listener) this.#listener(stream);
    else this.#waiting.push(stream);
  }

  listen(run: (stream: SessionStream) => void): void {
    this.#listener = run;
    for (const stream of this.#waiting.splice(0)) run(stream);
  }
}
