/**
 * A WebSocket on which this side alone tells. Messages are put into their frames outside: those of a server have no mask, so one frame serves all who are told the
 * same, and is written to the connection as it is.
 * Holds: each write is of whole messages, so they do not mix with the answers to pings and the end that `ws` writes. What the client says is read and dropped.
 */
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { drained } from "../http/drained.ts";
import type { ChunkSink } from "../http/exchange.ts";
import type { Frame } from "../http/frame.ts";
import type { AcceptedWebSocket } from "./server.ts";

/** A message of a server, given in pieces: its head before them. */
export function messagePieces(pieces: readonly Uint8Array[], isText: boolean): Uint8Array[] {
  let size = 0;
  for (const piece of pieces) size += piece.length;
  return [headOf(size, isText ? TEXT : BINARY), ...pieces];
}

/** Whole, the last of its message, of one kind. */
const TEXT = 0x81;
const BINARY = 0x82;

function headOf(size: number, first: number): Buffer {
  if (size < 126) return Buffer.of(first, size);
  if (size < 0x10000) return Buffer.of(first, 126, size >> 8, size & 0xff);
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(size), 2);
  return head;
}

export const messageSink = ({ socket, connection }: AcceptedWebSocket): ChunkSink =>
  new MessageSink(socket, connection);

class MessageSink implements ChunkSink {
  readonly #socket: WebSocket;
  readonly #connection: Duplex;

  constructor(socket: WebSocket, connection: Duplex) {
    this.#socket = socket;
    this.#connection = connection;
    // A client that breaks the rules is told so by `ws`, and its connection ends.
    socket.on("error", () => {});
  }

  write(frame: Frame): void {
    if (!this.closed && frame.bytes.length > 0) this.#connection.write(frame.bytes);
  }

  get pendingBytes(): number {
    return this.#connection.writableLength;
  }

  drained(): Promise<void> {
    return drained(this.#connection);
  }

  end(): void {
    this.#socket.close(NORMAL);
  }

  abort(): void {
    this.#socket.terminate();
  }

  get closed(): boolean {
    return this.#socket.readyState !== this.#socket.OPEN;
  }
}

const NORMAL = 1000;
