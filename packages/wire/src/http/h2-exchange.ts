/** An exchange over HTTP/2, on the core stream (Node's compatibility layer costs a third of the rate). */
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { NO_BODY, readWhole } from "./body.ts";
import { drained } from "./drained.ts";
import type { ChunkSink, Exchange, Peer } from "./exchange.ts";
import type { Frame } from "./frame.ts";
import { ignore, sizeOf } from "./h1-exchange.ts";
import { type LargeBodies, SLICE_BYTES } from "./large-bodies.ts";
import { peerOf } from "./peer.ts";

export class H2Exchange implements Exchange {
  readonly protocol = "h2";
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  onAnswer: Exchange["onAnswer"] = undefined;
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  readonly #largeBodies: LargeBodies;

  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
    largeBodies: LargeBodies,
  ) {
    this.method = headers[":method"] as string;
    this.url = headers[":path"] as string;
    this.rawHeaders = rawHeaders;
    this.#stream = stream;
    this.#headers = headers;
    this.#largeBodies = largeBodies;
    stream.on("error", ignore);
  }

  get peer(): Peer {
    const { session } = this.#stream;
    return session ? peerOf(session, session.socket as Socket) : NOBODY;
  }

  lastOfConnection(): void {
    this.#stream.session?.close();
  }

  header(name: string): string | undefined {
    return this.#headers[name === "host" ? ":authority" : name] as string | undefined;
  }

  get body(): AsyncIterable<Uint8Array> {
    this.#continue();
    return this.#stream;
  }

  readBody(limit: number): Promise<Uint8Array> {
    if (this.#stream.endAfterHeaders) return Promise.resolve(NO_BODY);
    this.#continue();
    return readWhole(this.#stream, limit, this.#headers["content-length"]);
  }

  respond(status: number, headers: readonly string[], body: Uint8Array | readonly Uint8Array[] = NO_BODY): void {
    const stream = this.#stream;
    const whole = body instanceof Uint8Array;
    const size = whole ? body.length : sizeOf(body);
    this.onAnswer?.(status, size);
    if (stream.destroyed || stream.closed) return;
    const lines = [":status", String(status), ...headers];
    if (status !== 204 && status !== 304) lines.push("content-length", String(size));
    const endStream = size === 0 || status === 204 || status === 304 || this.method === "HEAD";
    stream.respond(lines as unknown as OutgoingHttpHeaders, { endStream });
    if (endStream) {
      this.#stopReading();
      return;
    }
    if (size > SLICE_BYTES) this.#largeBodies.send(stream, whole ? [body] : body);
    else if (whole) stream.end(body);
    else {
      stream.cork();
      for (const part of body) stream.write(part);
      stream.end();
      stream.uncork();
    }
    this.#stopReading();
  }

  stream(status: number, headers: readonly string[]): ChunkSink {
    const stream = this.#stream;
    const open = !stream.destroyed && !stream.closed;
    this.onAnswer?.(status, undefined);
    if (open) stream.respond([":status", String(status), ...headers] as unknown as OutgoingHttpHeaders);
    return new H2Sink(stream);
  }

  /** A client may let nothing through, however little it is. */
  get isTaken(): boolean {
    return this.#stream.writableFinished;
  }

  abort(): void {
    breakOff(this.#stream);
  }

  onClose(run: () => void): void {
    if (this.#stream.closed || this.#stream.destroyed) run();
    else this.#stream.once("close", run);
  }

  /** Throws away what the client still sends, so that its window opens and it sees the answer. */
  #stopReading(): void {
    if (!this.#stream.endAfterHeaders && !this.#stream.readableEnded) this.#stream.resume();
  }

  #continue(): void {
    if (this.#headers["expect"] === "100-continue" && !this.#stream.headersSent && !this.#stream.destroyed) {
      this.#stream.additionalHeaders({ ":status": 100 });
    }
  }
}

const breakOff = (stream: ServerHttp2Stream): void => void stream.destroy(new Error("the answer is broken off"));

const NOBODY: Peer = { address: "", port: 0, certificate: () => undefined, certificateError: () => undefined };

class H2Sink implements ChunkSink {
  readonly #stream: ServerHttp2Stream;
  #ended = false;

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream;
  }

  write(frame: Frame): void {
    if (!this.closed && this.#stream.writable) this.#stream.write(frame.bytes);
  }

  get pendingBytes(): number {
    return this.#stream.writableLength;
  }

  drained(): Promise<void> {
    return drained(this.#stream);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream.end();
    this.#stream.resume();
  }

  abort(): void {
    this.#ended = true;
    breakOff(this.#stream);
  }

  get closed(): boolean {
    return this.#ended || this.#stream.destroyed || this.#stream.closed;
  }
}
