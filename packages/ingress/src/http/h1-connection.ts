/**
 * A client's connection that speaks HTTP/1.1: one request after the other, each answered before the next is read.
 * Holds: a client that is slow with its head, its body or its next request is let go after the time for that; what a malformed request
 * left on the connection is never read as another one.
 */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { BodyDecoder } from "./body-decoder.ts";
import { BodyQueue } from "./body-queue.ts";
import { parseRequestHead } from "./head.ts";
import type { AnswerHead, Incoming } from "./incoming.ts";
import {
  BadMessage,
  type BodySink,
  type BodySource,
  CHUNKED,
  type Headers,
  type RequestHead,
  UNTIL_CLOSE,
} from "./message.ts";
import { headText, WireWriter } from "./wire-writer.ts";

export interface ClientLimits {
  readonly headBytes: number;
  readonly headMs: number;
  readonly bodyMs: number;
  readonly idleMs: number;
}

export const clientLimits: ClientLimits = { headBytes: 32 * 1024, headMs: 60_000, bodyMs: 60_000, idleMs: 75_000 };

interface H1Options {
  readonly handler: (incoming: Incoming) => void;
  readonly limits: ClientLimits;
  /** No more requests are wanted: connections end after the present one. */
  readonly isClosing: () => boolean;
}

const EMPTY = Buffer.alloc(0);
const CRLF = 13;

export class H1Connection {
  readonly socket: Socket;
  readonly isSecure: boolean;
  readonly #options: H1Options;
  #request: H1Incoming | undefined;
  /** What came and is not read yet. */
  #held: Buffer = EMPTY;
  #headTimer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(socket: Socket, isSecure: boolean, options: H1Options) {
    this.socket = socket;
    this.isSecure = isSecure;
    this.#options = options;
    socket.setNoDelay(true);
    socket.on("data", this.#onData);
    socket.on("drain", () => this.#request?.writer?.drained());
    socket.on("error", () => {});
    socket.on("timeout", () => socket.destroy());
    socket.on("close", () => this.#closed());
    socket.on("end", () => this.#closed());
    socket.setTimeout(options.limits.idleMs);
  }

  /** Ends it as soon as it has nothing to do. */
  close(): void {
    if (!this.#request) this.socket.end();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#stopped) return;
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    this.#held = EMPTY;
    this.#read(bytes);
  };

  #read(bytes: Buffer): void {
    let at = 0;
    try {
      while (at < bytes.length && !this.#stopped) {
        if (!this.#request) {
          const next = this.#readHead(bytes, at);
          if (next < 0) return;
          at = next;
        } else if (this.#request.isRead) {
          // The next request waits for its turn.
          this.#held = bytes.subarray(at);
          if (this.#held.length > this.#options.limits.headBytes) this.socket.pause();
          return;
        } else at = this.#request.take(bytes, at);
      }
    } catch (error) {
      this.#refuse(error as Error);
    }
  }

  /** Where the head ends, or -1 while it is not whole. */
  #readHead(bytes: Buffer, from: number): number {
    let start = from;
    // Some clients end a body with a line that nobody asked for.
    while (bytes[start] === CRLF && bytes[start + 1] === 10) start += 2;
    const end = bytes.indexOf("\r\n\r\n", start, "latin1");
    const size = (end < 0 ? bytes.length : end) - start;
    if (size > this.#options.limits.headBytes) throw new BadMessage(431, "the head of the request is too large");
    if (end < 0) {
      this.#held = bytes.subarray(start);
      this.#headTimer ??= setTimeout(() => this.socket.destroy(), this.#options.limits.headMs);
      return -1;
    }
    this.#clearHeadTimer();
    const head = parseRequestHead(bytes.toString("latin1", start, end + 2));
    const request = new H1Incoming(this, head);
    this.#request = request;
    this.socket.setTimeout(request.isRead ? 0 : this.#options.limits.bodyMs);
    this.#options.handler(request);
    return end + 4;
  }

  /** The request has come whole: from here on it waits for its answer, for as long as that takes. */
  requestRead(): void {
    this.socket.setTimeout(0);
  }

  /** The answer is out: the next request, if there may be one. */
  answered(request: H1Incoming, mayGoOn: boolean): void {
    if (this.#request !== request) return;
    this.#request = undefined;
    if (!mayGoOn || !request.isRead) {
      this.#linger();
      return;
    }
    this.socket.setTimeout(this.#options.limits.idleMs);
    this.socket.resume();
    if (this.#held.length === 0) return;
    const held = this.#held;
    this.#held = EMPTY;
    // A new turn: answers that come at once must not nest.
    process.nextTick(() => this.#onData(held));
  }

  get isClosing(): boolean {
    return this.#options.isClosing();
  }

  get bodyMs(): number {
    return this.#options.limits.bodyMs;
  }

  /** Lets the client read the answer before the connection is torn down under it. */
  #linger(): void {
    this.#stopped = true;
    this.socket.end();
    this.socket.resume();
    this.socket.setTimeout(LINGER_MS);
  }

  /** Takes the connection away from HTTP. */
  handOver(): Duplex {
    const { socket } = this;
    this.#stopped = true;
    this.#request = undefined;
    socket.removeAllListeners("data").removeAllListeners("drain").removeAllListeners("timeout");
    socket.setTimeout(0);
    socket.pause();
    if (this.#held.length > 0) socket.unshift(this.#held);
    return socket;
  }

  #refuse(error: Error): void {
    const status = error instanceof BadMessage ? error.status : 400;
    const request = this.#request;
    this.#request = undefined;
    // An answer may be on its way already, or belong to somebody else's request.
    if (!request && this.socket.writable) {
      const text = `${status} ${error.message}\n`;
      const first = `HTTP/1.1 ${status} ${status === 431 ? "Request Header Fields Too Large" : "Bad Request"}\r\n`;
      const headers = ["Content-Type", "text/plain", "Content-Length", String(text.length), "Connection", "close"];
      this.socket.write(`${headText(first, headers)}\r\n${text}`, "latin1");
      this.#linger();
    } else {
      request?.gone();
      this.socket.destroy();
    }
  }

  #closed(): void {
    this.#clearHeadTimer();
    const request = this.#request;
    this.#request = undefined;
    request?.gone();
  }

  #clearHeadTimer(): void {
    clearTimeout(this.#headTimer);
    this.#headTimer = undefined;
  }
}

const LINGER_MS = 5000;

class H1Incoming implements Incoming {
  readonly head: RequestHead;
  readonly body: BodySource | undefined;
  onGone: (() => void) | undefined;
  writer: WireWriter | undefined;
  readonly #connection: H1Connection;
  readonly #decoder: BodyDecoder;
  readonly #queue: BodyQueue | undefined;
  #answered = false;
  #continued: boolean;

  constructor(connection: H1Connection, head: RequestHead) {
    this.#connection = connection;
    this.head = head;
    this.#decoder = new BodyDecoder(head.framing);
    this.#continued = !head.expectsContinue;
    if (head.framing === 0) return;
    const { socket } = connection;
    const queue = new BodyQueue({
      // While its bytes are not wanted, a client cannot be slow with them.
      hold: () => void socket.pause().setTimeout(0),
      release: () => void socket.resume().setTimeout(this.isRead ? 0 : connection.bodyMs),
    });
    this.#queue = queue;
    this.body = {
      flow: (handlers) => {
        if (!this.#continued) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
        this.#continued = true;
        queue.flow(handlers);
      },
      pause: () => queue.pause(),
      resume: () => queue.resume(),
    };
  }

  get peer(): string {
    return this.#connection.socket.remoteAddress ?? "";
  }

  get isSecure(): boolean {
    return this.#connection.isSecure;
  }

  get port(): number {
    return this.#connection.socket.localPort ?? 0;
  }

  get isRead(): boolean {
    return this.#decoder.done;
  }

  take(bytes: Buffer, from: number): number {
    const queue = this.#queue as BodyQueue;
    const at = this.#decoder.push(bytes, from, (chunk) => queue.push(chunk));
    if (this.#decoder.done) {
      this.#connection.requestRead();
      queue.end(this.#decoder.trailers);
    }
    return at;
  }

  answer({ status, reason, headers, framing }: AnswerHead): BodySink {
    const { socket } = this.#connection;
    this.#answered = true;
    const asChunks = (framing === CHUNKED || framing === UNTIL_CLOSE) && !this.head.isHttp10;
    const mayGoOn = this.head.keepAlive && this.isRead && (framing >= 0 || asChunks) && !this.#connection.isClosing;
    let text = headText(`HTTP/1.1 ${status} ${reason || (REASONS[status] ?? "")}\r\n`, headers);
    if (asChunks) text += "Transfer-Encoding: chunked\r\n";
    if (!mayGoOn) text += "Connection: close\r\n";
    else if (this.head.isHttp10) text += "Connection: keep-alive\r\n";
    this.writer = new WireWriter(
      socket,
      `${text}\r\n`,
      asChunks ? CHUNKED : framing,
      () => this.#connection.answered(this, mayGoOn),
      () => socket.destroy(),
    );
    return this.writer;
  }

  inform(status: number, headers: Headers): void {
    if (this.head.isHttp10 || this.#answered) return;
    this.#connection.socket.write(
      `${headText(`HTTP/1.1 ${status} ${REASONS[status] ?? ""}\r\n`, headers)}\r\n`,
      "latin1",
    );
  }

  switchTo({ status, reason, headers }: AnswerHead): Duplex {
    this.#answered = true;
    const { socket } = this.#connection;
    socket.write(`${headText(`HTTP/1.1 ${status} ${reason}\r\n`, headers)}\r\n`, "latin1");
    return this.#connection.handOver();
  }

  gone(): void {
    this.#queue?.fail();
    this.onGone?.();
  }
}

const REASONS: Readonly<Record<number, string>> = {
  100: "Continue",
  103: "Early Hints",
  200: "OK",
  204: "No Content",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  413: "Request Entity Too Large",
  421: "Misdirected Request",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};
