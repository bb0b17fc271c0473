/** An exchange over HTTP/1.1. Chunks of streams go straight to the socket, framed already (see frame.ts). */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { NO_BODY, readWhole } from "./body.ts";
import { drained } from "./drained.ts";
import type { ChunkSink, Exchange, Peer, Upgrade } from "./exchange.ts";
import type { Frame } from "./frame.ts";
import { AT_ONCE_BYTES, type LargeBodies } from "./large-bodies.ts";
import { peerOf } from "./peer.ts";
import type { ReadingTurns } from "./reading-turns.ts";

/** What all connections of a port share. */
export interface Connections {
  /** The port is going: each answer is the last of its connection. */
  readonly closing: boolean;
  readonly largeBodies: LargeBodies;
  readonly reading: ReadingTurns;
  /** Connections that speak another protocol now, and would not end by themselves. */
  readonly given: Set<Duplex>;
}

/** So long a client that is still sending has to read its answer. */
const LINGER_MS = 1000;
/** As Go's server does. */
const READ_FOR_NOTHING_BYTES = 256 * 1024;
/** So much the kernel takes on a connection on which nothing waits, and so much the lines before a body have at most. */
const KERNEL_BYTES = 8 * 1024;
const LINES_BYTES = 2 * 1024;

export class H1Exchange implements Exchange {
  readonly protocol = "h1";
  readonly method: string;
  readonly url: string;
  readonly upgrade?: Upgrade;
  onAnswer: Exchange["onAnswer"] = undefined;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #connections: Connections;
  #size = 0;

  constructor(request: IncomingMessage, response: ServerResponse, connections: Connections, upgrade?: Upgrade) {
    this.method = request.method as string;
    this.url = request.url as string;
    this.#request = request;
    this.#response = response;
    this.#connections = connections;
    if (upgrade) this.upgrade = upgrade;
    response.on("error", ignore);
  }

  get peer(): Peer {
    return peerOf(this.#request.socket, this.#request.socket);
  }

  askedBy(asker: string): void {
    // What may be given away is not ours to hold.
    if (!this.upgrade) this.#connections.reading.askedBy(this.#request.socket, asker);
  }

  get rawHeaders(): readonly string[] {
    return this.#request.rawHeaders;
  }

  header(name: string): string | undefined {
    return this.#request.headers[name] as string | undefined;
  }

  get body(): AsyncIterable<Uint8Array> {
    return this.#request;
  }

  readBody(limit: number): Promise<Uint8Array> {
    const { headers } = this.#request;
    const length = headers["content-length"];
    if (length === undefined && headers["transfer-encoding"] === undefined) return Promise.resolve(NO_BODY);
    return readWhole(this.#request, limit, length);
  }

  respond(status: number, headers: readonly string[], body: Uint8Array | readonly Uint8Array[] = NO_BODY): void {
    const response = this.#response;
    const whole = body instanceof Uint8Array;
    const size = whole ? body.length : sizeOf(body);
    this.#size = size;
    this.onAnswer?.(status, size);
    if (response.destroyed) return;
    const lines = this.#lines(headers);
    if (status !== 204 && status !== 304 && status >= 200) lines.push("content-length", String(size));
    response.writeHead(status, lines);
    if (this.method === "HEAD") response.end();
    else if (this.#isBodyComing() && size <= AT_ONCE_BYTES) this.#endLate(whole ? [body] : body);
    else if (size > AT_ONCE_BYTES) this.#connections.largeBodies.send(response, whole ? [body] : body);
    // To copy small parts costs less than to write each.
    else response.end(whole ? body : Buffer.concat(body, size));
  }

  stream(status: number, headers: readonly string[]): ChunkSink {
    const response = this.#response;
    this.onAnswer?.(status, undefined);
    this.#connections.reading.forget(this.#request.socket);
    if (!response.destroyed) {
      response.writeHead(status, this.#lines(headers));
      response.flushHeaders();
    }
    return new H1Sink(response, this.method === "HEAD");
  }

  get isTaken(): boolean {
    const { socket, writableFinished, writableLength } = this.#response;
    // What asked to be given away ends its connection, which the client may hold for long.
    if (this.upgrade) return false;
    // Behind other answers it has no socket yet.
    return (
      writableFinished || (this.#size <= KERNEL_BYTES && socket !== null && writableLength <= this.#size + LINES_BYTES)
    );
  }

  abort(): void {
    this.#response.destroy();
  }

  onClose(run: () => void): void {
    // A connection that is given away leaves its response behind, so the socket tells.
    const last = this.upgrade ? this.#request.socket : this.#response;
    if (last.closed || last.destroyed) run();
    else last.once("close", run);
  }

  /** A copy, with the connection's end told where it is due: at shutdown, and after a body nobody read to its end. */
  #lines(headers: readonly string[]): string[] {
    const lines = headers.slice();
    if (this.#connections.closing || this.#isBodyComing()) lines.push("connection", "close");
    return lines;
  }

  /** Whether the client still sends a body that is too long to be read to its end for nothing; of shorter ones Node reads the rest by itself. */
  #isBodyComing(): boolean {
    const { headers, complete } = this.#request;
    if (complete || !this.#hasBody()) return false;
    // Who was not told to go on may never send it.
    return headers.expect !== undefined || !(Number(headers["content-length"]) <= READ_FOR_NOTHING_BYTES);
  }

  /** The connection ends with this answer, which a client that is still sending would lose if it ended at once. */
  #endLate(body: readonly Uint8Array[]): void {
    const [request, response] = [this.#request, this.#response];
    response.flushHeaders();
    for (const part of body) response.write(part);
    const end = () => {
      clearTimeout(timer);
      response.end();
    };
    const timer = setTimeout(end, LINGER_MS);
    request.resume().once("end", end).once("close", end);
  }

  #hasBody(): boolean {
    const { headers } = this.#request;
    return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
  }
}

class H1Sink implements ChunkSink {
  readonly #response: ServerResponse;
  /** Null while an earlier pipelined answer still has the socket. */
  readonly #socket: Socket | null;
  readonly #chunked: boolean;
  readonly #silent: boolean;
  #ended = false;

  constructor(response: ServerResponse, silent: boolean) {
    this.#response = response;
    this.#socket = response.socket;
    this.#chunked = response.chunkedEncoding;
    this.#silent = silent;
  }

  write(frame: Frame): void {
    if (this.#ended || this.#silent || this.#response.destroyed || frame.bytes.length === 0) return;
    if (!this.#socket) this.#response.write(frame.bytes);
    else this.#socket.write(this.#chunked ? frame.chunk : frame.bytes);
  }

  get pendingBytes(): number {
    return this.#socket ? this.#socket.writableLength : this.#response.writableLength;
  }

  drained(): Promise<void> {
    return drained(this.#socket ?? this.#response);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#response.end();
  }

  abort(): void {
    this.#ended = true;
    this.#response.destroy();
  }

  get closed(): boolean {
    return this.#ended || this.#response.destroyed;
  }
}

export function sizeOf(parts: readonly Uint8Array[]): number {
  let size = 0;
  for (const part of parts) size += part.length;
  return size;
}

export function ignore(): void {}
