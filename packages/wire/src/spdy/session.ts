/**
 * A SPDY/3.1 session over any duplex stream, for either side. Windows are neither kept nor asked for: the clients and
 * runtimes of Kubernetes do not, so the connection's own back pressure rules, and reading stops while a stream is full.
 */
import { Socket } from "node:net";
import { Duplex } from "node:stream";
import { readDespiteFailedWrites } from "@kubets/machinery/failed-writes";
import { finishAll } from "../streams/finish.ts";
import { type SessionStream, type StreamHeaders, StreamInbox, type StreamSession } from "../streams/session.ts";
import {
  CONTROL,
  controlFrame,
  dataHead,
  FIN,
  type Frame,
  FrameParser,
  MAX_DATA_BYTES,
  RST,
  rstFrame,
} from "./frames.ts";
import { type Headers, headerReader, headerWriter, uint32 } from "./headers.ts";

interface SpdyOptions {
  readonly side: "client" | "server";
  /** What was agreed on outside: `v4.channel.k8s.io`, `portforward.k8s.io`. */
  readonly protocol: string;
  /** What was read of the connection already. */
  readonly head?: Buffer;
}

export const spdySession = (connection: Duplex, options: SpdyOptions): StreamSession =>
  new SpdySession(connection, options);

/** A stream may buffer this much before reading stops for all. */
const STREAM_BUFFER_BYTES = 1024 * 1024;
/** So much may be read and not yet handled. */
const READ_AHEAD_BYTES = 256 * 1024;

class SpdySession implements StreamSession {
  readonly protocol: string;
  readonly closed: Promise<Error | undefined>;
  readonly #connection: Duplex;
  readonly #ours: number;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #inbox = new StreamInbox();
  readonly #parser = new FrameParser();
  readonly #reader = headerReader();
  readonly #writeHeaders = headerWriter();
  /** Streams whose readers are behind. */
  readonly #full = new Set<SpdyStream>();
  #resumed: (() => void) | undefined;
  #ahead = 0;
  #handled: Promise<void> = Promise.resolve();
  #nextId: number;
  #closing = false;
  #failure: Error | undefined;

  constructor(connection: Duplex, options: SpdyOptions) {
    this.protocol = options.protocol;
    this.#connection = connection;
    this.#ours = options.side === "client" ? 1 : 0;
    this.#nextId = options.side === "client" ? 1 : 2;
    const { promise, resolve } = Promise.withResolvers<Error | undefined>();
    this.closed = promise;
    connection.on("error", (error) => (this.#failure ??= error));
    if (connection instanceof Socket) readDespiteFailedWrites(connection);
    // What came before the end counts: Go's servers reset a connection right behind their last bytes.
    connection.once("close", () => {
      const unread = connection.read() as Buffer | null;
      if (unread) this.#take(unread);
      this.#resume();
      void this.#handled.then(() => this.#end(resolve));
    });
    if (options.head?.length) connection.unshift(options.head);
    connection.on("data", (chunk: Buffer) => this.#take(chunk));
    connection.once("end", () => connection.end());
  }

  onStream(run: (stream: SessionStream) => void): void {
    this.#inbox.listen(run);
  }

  open(headers: StreamHeaders): SessionStream {
    const stream = new SpdyStream(this.#nextId, headers, this);
    this.#nextId += 2;
    this.#streams.set(stream.id, stream);
    const block = this.#writeHeaders({ ...headers });
    this.#send(controlFrame(CONTROL.synStream, 0, uint32(stream.id), uint32(0), Buffer.alloc(2), block));
    return stream;
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    void finishAll(this.#streams.values()).then(() => {
      this.#send(controlFrame(CONTROL.goAway, 0, uint32(0), uint32(0)));
      this.#connection.end();
    });
  }

  destroy(error?: Error): void {
    this.#connection.destroy(error);
  }

  sendData(stream: SpdyStream, bytes: Buffer, done: (error?: Error | null) => void): void {
    let at = 0;
    for (; at + MAX_DATA_BYTES < bytes.length; at += MAX_DATA_BYTES) {
      this.#send(dataHead(stream.id, 0, MAX_DATA_BYTES), bytes.subarray(at, at + MAX_DATA_BYTES));
    }
    const last = bytes.subarray(at);
    this.#send(dataHead(stream.id, 0, last.length));
    this.#connection.write(last, done);
  }

  sendFin(stream: SpdyStream): void {
    this.#send(dataHead(stream.id, FIN, 0));
    this.#forgetIfDone(stream);
  }

  reset(stream: SpdyStream): void {
    if (this.#streams.delete(stream.id)) this.#send(rstFrame(stream.id, RST.cancel));
    this.drained(stream);
  }

  filled(stream: SpdyStream): void {
    this.#full.add(stream);
  }

  drained(stream: SpdyStream): void {
    if (this.#full.delete(stream) && this.#full.size === 0) this.#resume();
  }

  #resume(): void {
    this.#resumed?.();
    this.#resumed = undefined;
  }

  #send(...parts: readonly Buffer[]): void {
    if (!this.#connection.writable) return;
    for (const part of parts) this.#connection.write(part);
  }

  /** Handles a chunk whole before the next one is taken: header blocks must be inflated in order. */
  #take(chunk: Buffer): void {
    this.#ahead += chunk.length;
    if (this.#ahead > READ_AHEAD_BYTES) this.#connection.pause();
    this.#handled = this.#handled.then(() => this.#handleAll(chunk));
  }

  async #handleAll(chunk: Buffer): Promise<void> {
    try {
      for (const frame of this.#parser.push(chunk)) await this.#handle(frame);
      if (this.#full.size > 0 && !this.#connection.closed)
        await new Promise<void>((resolve) => (this.#resumed = resolve));
    } catch (error) {
      this.#failure ??= error as Error;
      this.#connection.destroy();
    }
    this.#ahead -= chunk.length;
    if (this.#ahead <= READ_AHEAD_BYTES) this.#connection.resume();
  }

  async #handle({ type, flags, streamId, payload }: Frame): Promise<void> {
    if (type === 0) {
      const stream = this.#streams.get(streamId);
      if (payload.length) stream?.receive(payload);
      if (flags & FIN) this.#finished(stream);
    } else if (type === CONTROL.synStream) await this.#accept(payload, flags);
    else if (type === CONTROL.synReply) {
      await this.#reader.read(payload.subarray(4));
      if (flags & FIN) this.#finished(this.#streams.get(payload.readUInt32BE(0)));
    } else if (type === CONTROL.headers) await this.#reader.read(payload.subarray(4));
    else if (type === CONTROL.rstStream) this.#wasReset(payload.readUInt32BE(0), payload.readUInt32BE(4));
    else if (type === CONTROL.ping && (payload.readUInt32BE(0) & 1) !== this.#ours)
      this.#send(controlFrame(CONTROL.ping, 0, payload));
  }

  async #accept(payload: Buffer, flags: number): Promise<void> {
    const id = payload.readUInt32BE(0) & 0x7fffffff;
    const headers: Headers = await this.#reader.read(payload.subarray(10));
    if ((id & 1) === this.#ours || this.#streams.has(id)) {
      this.#send(rstFrame(id, RST.protocolError));
      return;
    }
    const stream = new SpdyStream(id, headers as unknown as StreamHeaders, this);
    this.#streams.set(id, stream);
    this.#send(controlFrame(CONTROL.synReply, 0, uint32(id), this.#writeHeaders({})));
    this.#inbox.put(stream);
    if (flags & FIN) this.#finished(stream);
  }

  #finished(stream: SpdyStream | undefined): void {
    if (!stream) return;
    stream.receiveEnd();
    this.#forgetIfDone(stream);
  }

  #forgetIfDone(stream: SpdyStream): void {
    if (stream.bothEnded) this.#streams.delete(stream.id);
  }

  #wasReset(id: number, status: number): void {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    // Go's servers cancel every stream when they close a connection: what they sent before is to be read, and then it ends.
    if (status === RST.cancel) stream?.cancelled();
    else stream?.destroy(new Error(`the stream was reset with status ${status}`));
  }

  #end(resolve: (error: Error | undefined) => void): void {
    this.#reader.close();
    for (const stream of this.#streams.values()) stream.connectionEnded(this.#failure);
    this.#streams.clear();
    resolve(this.#failure);
  }
}

class SpdyStream extends Duplex implements SessionStream {
  readonly id: number;
  readonly headers: StreamHeaders;
  readonly #session: SpdySession;
  #weEnded = false;
  #theyEnded = false;

  constructor(id: number, headers: StreamHeaders, session: SpdySession) {
    // Reading one half to its end must not reset the other.
    super({ readableHighWaterMark: STREAM_BUFFER_BYTES, autoDestroy: false });
    this.id = id;
    this.headers = headers;
    this.#session = session;
    this.on("error", () => {});
  }

  get bothEnded(): boolean {
    return this.#weEnded && this.#theyEnded;
  }

  receive(bytes: Buffer): void {
    if (!this.#theyEnded && !this.destroyed && !this.push(bytes)) this.#session.filled(this);
  }

  receiveEnd(): void {
    if (!this.#theyEnded && !this.destroyed) this.push(null);
    this.#theyEnded = true;
  }

  /** The other side wants no more of it, either way. */
  cancelled(): void {
    this.receiveEnd();
    this.#weEnded = true;
    if (this.readableEnded) this.destroy();
    else this.once("end", () => this.destroy());
  }

  connectionEnded(error: Error | undefined): void {
    this.#weEnded = true;
    if (error && this.readableLength === 0) this.destroy(error);
    else this.receiveEnd();
    if (error) this.once("end", () => this.destroy(error));
  }

  override _read(): void {
    this.#session.drained(this);
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#weEnded) done(new Error("the connection has ended"));
    else this.#session.sendData(this, bytes, done);
  }

  override _final(done: () => void): void {
    if (!this.#weEnded) {
      this.#weEnded = true;
      this.#session.sendFin(this);
    }
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.bothEnded) this.#session.reset(this);
    else this.#session.drained(this);
    done(error);
  }
}
