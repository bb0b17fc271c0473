/**
 * Kubernetes' channels over a WebSocket: the first byte of a message is the channel's number, the rest its bytes. The
 * base64 kinds send text: a digit, then base64. From version 5 on, a message of 255 and a number closes that channel.
 * Holds: both sides know the channels by their order, so none is announced; reading pauses for all when one is full.
 */
import { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { finishAll } from "../streams/finish.ts";
import { type SessionStream, type StreamHeaders, StreamInbox, type StreamSession } from "../streams/session.ts";

/** Newest first, as a client should offer them and a server choose. */
export const COMMAND_PROTOCOLS = [
  "v5.channel.k8s.io",
  "v4.channel.k8s.io",
  "v4.base64.channel.k8s.io",
  "channel.k8s.io",
  "base64.channel.k8s.io",
] as const;

/** The channels of exec and attach, by number. */
export const COMMAND_CHANNELS: readonly StreamHeaders[] = (
  ["stdin", "stdout", "stderr", "error", "resize"] as const
).map((streamtype) => ({ streamtype }));

/** The channels of forwarded ports: a data and an error channel for each. */
export const portChannels = (ports: readonly number[]): StreamHeaders[] =>
  ports.flatMap((port, at) =>
    (["data", "error"] as const).map((streamtype) => ({ streamtype, port: String(port), requestid: String(at) })),
  );

const CLOSE_CHANNEL = 255;
const NORMAL = 1000;

interface ChannelOptions {
  /** Clients alone may close a channel; a server closes all by closing the connection. */
  readonly side: "client" | "server";
  readonly protocol: string;
  /** By number. */
  readonly channels: readonly StreamHeaders[];
}

export const channelSession = (socket: WebSocket, options: ChannelOptions): StreamSession =>
  new ChannelSession(socket, options);

class ChannelSession implements StreamSession {
  readonly protocol: string;
  readonly closed: Promise<Error | undefined>;
  readonly #socket: WebSocket;
  readonly #base64: boolean;
  readonly #knowsClose: boolean;
  readonly #sendsClose: boolean;
  readonly #streams: Channel[];
  readonly #inbox = new StreamInbox();

  constructor(socket: WebSocket, { side, protocol, channels }: ChannelOptions) {
    this.protocol = protocol;
    this.#socket = socket;
    this.#base64 = protocol.includes("base64");
    this.#knowsClose = protocol.startsWith("v5.");
    this.#sendsClose = this.#knowsClose && side === "client";
    this.#streams = channels.map((headers, id) => new Channel(id, headers, this));
    for (const stream of this.#streams) this.#inbox.put(stream);
    const { promise, resolve } = Promise.withResolvers<Error | undefined>();
    this.closed = promise;
    socket.on("message", (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary));
    let failure: Error | undefined;
    socket.on("error", (error) => (failure = error));
    socket.on("close", (code) => {
      if (code !== NORMAL && code !== 1005) failure ??= new Error(`the WebSocket was closed with code ${code}`);
      for (const stream of this.#streams) stream.finish(failure);
      resolve(failure);
    });
  }

  onStream(run: (stream: SessionStream) => void): void {
    this.#inbox.listen(run);
  }

  open(headers: StreamHeaders): SessionStream {
    const stream = this.#streams.find(
      ({ headers: known }) =>
        known.streamtype === headers.streamtype && (headers.port === undefined || known.port === headers.port),
    );
    if (!stream) throw new Error(`a WebSocket of protocol ${this.protocol} has no channel for ${headers.streamtype}`);
    return stream;
  }

  close(): void {
    void finishAll(this.#streams).then(() => this.#socket.close(NORMAL));
  }

  destroy(): void {
    this.#socket.terminate();
  }

  send(channel: number, bytes: Uint8Array, done: (error?: Error | null) => void): void {
    if (this.#base64) this.#socket.send(channel + Buffer.from(bytes).toString("base64"), done);
    else this.#socket.send(Buffer.concat([Buffer.of(channel), bytes]), { binary: true }, done);
  }

  sendClose(channel: number): void {
    if (this.#sendsClose && this.#socket.readyState === this.#socket.OPEN)
      this.#socket.send(Buffer.of(CLOSE_CHANNEL, channel));
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (this.#socket.isPaused && !this.#streams.some((stream) => stream.full)) this.#socket.resume();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (data.length === 0) return;
    const first = data[0] as number;
    if (isBinary && this.#knowsClose && first === CLOSE_CHANNEL) this.#streams[data[1] ?? -1]?.finish();
    else {
      const stream = this.#streams[isBinary ? first : first - 48];
      stream?.receive(isBinary ? data.subarray(1) : Buffer.from(data.toString("latin1", 1), "base64"));
    }
  }
}

class Channel extends Duplex implements SessionStream {
  readonly id: number;
  readonly headers: StreamHeaders;
  /** The reader is behind. */
  full = false;
  readonly #session: ChannelSession;

  constructor(id: number, headers: StreamHeaders, session: ChannelSession) {
    // Destroying one side's reading must not stop the other's writing.
    super({ autoDestroy: false, decodeStrings: true });
    this.id = id;
    this.headers = headers;
    this.#session = session;
    this.on("error", () => {});
  }

  receive(bytes: Buffer): void {
    if (bytes.length === 0 || this.readableEnded || this.destroyed || this.push(bytes)) return;
    this.full = true;
    this.#session.pause();
  }

  /** The other side is done with this channel, or the connection has ended. */
  finish(error?: Error): void {
    if (error) this.destroy(error);
    else if (!this.readableEnded && !this.destroyed) this.push(null);
  }

  override _read(): void {
    if (!this.full) return;
    this.full = false;
    this.#session.resume();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#session.send(this.id, bytes, done);
  }

  override _final(done: () => void): void {
    this.#session.sendClose(this.id);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.full = false;
    this.#session.resume();
    done(error);
  }
}
