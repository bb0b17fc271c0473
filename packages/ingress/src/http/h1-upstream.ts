/**
 * One connection to a server that speaks HTTP/1.1, from its making through its requests to its end.
 * Holds: it carries one request at a time; it is kept for another only when both messages were whole and the server said nothing against it.
 */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { BodyDecoder } from "./body-decoder.ts";
import { BodyQueue } from "./body-queue.ts";
import { parseResponseHead } from "./head.ts";
import { CHUNKED, type ResponseHead } from "./message.ts";
import type { Failure, Outgoing, OutgoingHandlers, OutgoingRequest, Target, Timeouts } from "./outgoing.ts";
import { headText, WireWriter } from "./wire-writer.ts";

const EMPTY = Buffer.alloc(0);
const MOST_HEAD = 64 * 1024;

interface Work {
  readonly request: OutgoingRequest;
  readonly handlers: OutgoingHandlers;
  readonly timeouts: Timeouts;
  readonly reused: boolean;
  writer?: WireWriter;
  sent: boolean;
  head?: ResponseHead;
  decoder?: BodyDecoder;
  body?: BodyQueue;
}

export class H1Upstream implements Outgoing {
  readonly #socket: Socket;
  /** It may carry another request, for so many milliseconds. */
  readonly #free: (connection: H1Upstream, keptMs: number) => void;
  readonly #ended: (connection: H1Upstream) => void;
  #work: Work | undefined;
  #held: Buffer = EMPTY;
  #connected = false;

  constructor(
    target: Target,
    serverName: string,
    free: (connection: H1Upstream, keptMs: number) => void,
    ended: (connection: H1Upstream) => void,
  ) {
    const { host, port, isSecure } = target;
    this.#free = free;
    this.#ended = ended;
    const where = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 };
    // Who a server behind the ingress is, the cluster says: its certificate is not asked about, as with the original.
    this.#socket = isSecure
      ? connectTls({ ...where, rejectUnauthorized: false, ...(serverName && { servername: serverName }) })
      : connectTcp(where);
    this.#socket
      .on(isSecure ? "secureConnect" : "connect", () => this.#onConnect())
      .on("data", this.#onData)
      .on("drain", () => this.#work?.writer?.drained())
      .on("timeout", () => this.#fail(this.#connected ? "timeout" : "connect", "it did not answer in time"))
      .on("error", (error) => this.#fail(this.#connected ? "closed" : "connect", error.message))
      .on("end", () => this.#onEnd())
      .on("close", () => this.#onEnd());
  }

  start(request: OutgoingRequest, timeouts: Timeouts, handlers: OutgoingHandlers): void {
    this.#work = { request, handlers, timeouts, reused: this.#connected, sent: false };
    this.#socket.setTimeout(this.#connected ? timeouts.readMs : timeouts.connectMs);
    if (this.#connected) this.#send(this.#work);
  }

  cancel(): void {
    this.#work = undefined;
    this.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #onConnect(): void {
    this.#connected = true;
    const work = this.#work;
    if (!work) return;
    this.#socket.setTimeout(work.timeouts.readMs);
    this.#send(work);
  }

  #send(work: Work): void {
    const { method, target, host, headers, framing, upgrade } = work.request;
    let text = headText(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n`, headers);
    if (framing === CHUNKED) text += "Transfer-Encoding: chunked\r\n";
    else if (framing > 0 || BODIED.has(method)) text += `Content-Length: ${framing}\r\n`;
    if (upgrade) text += `Connection: upgrade\r\nUpgrade: ${upgrade}\r\n`;
    work.writer = new WireWriter(
      this.#socket,
      `${text}\r\n`,
      framing,
      () => {
        work.sent = true;
      },
      () => this.cancel(),
    );
    if (framing === 0) work.writer.end();
    else work.handlers.ready(work.writer);
  }

  readonly #onData = (chunk: Buffer): void => {
    const work = this.#work;
    // Nobody asked.
    if (!work?.writer) {
      this.destroy();
      return;
    }
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    this.#held = EMPTY;
    try {
      this.#read(work, bytes);
    } catch (error) {
      this.#fail("malformed", (error as Error).message);
    }
  };

  #read(work: Work, bytes: Buffer): void {
    let at = 0;
    while (!work.decoder) {
      const end = bytes.indexOf("\r\n\r\n", at, "latin1");
      if ((end < 0 ? bytes.length : end) - at > MOST_HEAD) throw new Error("the head of the answer is too large");
      if (end < 0) {
        this.#held = bytes.subarray(at);
        return;
      }
      const head = parseResponseHead(bytes.toString("latin1", at, end + 2), work.request.method === "HEAD");
      at = end + 4;
      if (head.status === 101) {
        this.#switch(work, head, bytes.subarray(at));
        return;
      }
      if (head.status >= 200) this.#begin(work, head);
      else if (head.status !== 100) work.handlers.inform(head.status, head.headers);
    }
    const decoder = work.decoder;
    const { body } = work;
    if (!decoder.done) at = decoder.push(bytes, at, (data) => body?.push(data));
    if (!decoder.done || this.#work !== work) return;
    // More than the answer came: whose it is, nobody knows.
    if (at < bytes.length) this.#connected = false;
    this.#finish(work);
  }

  #begin(work: Work, head: ResponseHead): void {
    const socket = this.#socket;
    work.head = head;
    work.decoder = new BodyDecoder(head.framing);
    work.body = new BodyQueue({ hold: () => socket.pause(), release: () => socket.resume() });
    work.handlers.head(head, work.body);
  }

  #switch(work: Work, head: ResponseHead, rest: Buffer): void {
    if (!work.request.upgrade) throw new Error("it changed the protocol unasked");
    const socket = this.#socket;
    this.#work = undefined;
    this.#ended(this);
    socket.removeAllListeners("data").removeAllListeners("drain").removeAllListeners("timeout");
    socket.setTimeout(0);
    socket.pause();
    if (rest.length > 0) socket.unshift(rest);
    work.handlers.switched(head, socket);
  }

  /** The answer is whole. */
  #finish(work: Work): void {
    const { head, decoder, body, sent } = work;
    this.#work = undefined;
    this.#socket.resume();
    // An answer that did not wait for the whole request leaves a connection that is good for nothing.
    if (sent && this.#connected && head?.keepAlive) this.#free(this, head.keptSeconds * 1000);
    else this.destroy();
    body?.end(decoder?.trailers ?? []);
  }

  /** Kept for so long without a request. */
  rest(ms: number): void {
    this.#socket.setTimeout(ms);
  }

  #onEnd(): void {
    this.#ended(this);
    const work = this.#work;
    if (work?.decoder?.finish()) {
      this.#connected = false;
      this.#finish(work);
    } else this.#fail(this.#connected ? "closed" : "connect", "it ended the connection");
  }

  #fail(kind: Failure["kind"], message: string): void {
    this.#ended(this);
    const work = this.#work;
    this.#work = undefined;
    this.destroy();
    if (!work) return;
    if (work.body) work.body.fail();
    else work.handlers.failed({ kind, reused: work.reused, message });
  }
}

/** Methods whose requests say how long their body is, even when it is empty. */
const BODIED = new Set(["POST", "PUT", "PATCH"]);
