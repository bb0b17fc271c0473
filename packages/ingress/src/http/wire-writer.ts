/**
 * Writes messages of HTTP/1.1 into a socket: a head and what follows it in the same turn go out as one write.
 * Holds: bodies get the framing that the head told of; after `end` or `abort` nothing is written any more.
 */
import type { Socket } from "node:net";
import { type BodySink, CHUNKED, type Framing, type Headers } from "./message.ts";

const JOINED = 16 * 1024;

export function headText(first: string, headers: Headers): string {
  let text = first;
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return text;
}

export class WireWriter implements BodySink {
  onReady: (() => void) | undefined;
  readonly #socket: Socket;
  readonly #framing: Framing;
  readonly #ended: () => void;
  readonly #aborted: () => void;
  /** Text in latin1 that waits for the turn to end. */
  #pending: string;
  #closed = false;

  /** `head`: with the empty line. */
  constructor(socket: Socket, head: string, framing: Framing, ended: () => void, aborted: () => void) {
    this.#socket = socket;
    this.#framing = framing;
    this.#ended = ended;
    this.#aborted = aborted;
    this.#pending = head;
    process.nextTick(flush, this);
  }

  write(chunk: Buffer): boolean {
    if (this.#closed || chunk.length === 0) return true;
    const chunked = this.#framing === CHUNKED;
    if (this.#pending.length + chunk.length < JOINED && (this.#pending || chunked)) {
      const text = chunk.toString("latin1", 0, chunk.length);
      const wasEmpty = this.#pending === "";
      this.#pending += chunked ? `${chunk.length.toString(16)}\r\n${text}\r\n` : text;
      if (wasEmpty) process.nextTick(flush, this);
      return !this.#socket.writableNeedDrain;
    }
    if (chunked) this.#pending += `${chunk.length.toString(16)}\r\n`;
    this.flush();
    const more = this.#socket.write(chunk);
    if (chunked) this.#pending = "\r\n";
    if (chunked) process.nextTick(flush, this);
    return more;
  }

  end(trailers: Headers = []): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#framing === CHUNKED) this.#pending += headText("0\r\n", trailers) + "\r\n";
    this.flush();
    this.#ended();
  }

  abort(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pending = "";
    this.#aborted();
  }

  /** The socket takes more again. */
  drained(): void {
    if (!this.#closed) this.onReady?.();
  }

  flush(): void {
    if (this.#pending === "") return;
    const text = this.#pending;
    this.#pending = "";
    this.#socket.write(text, "latin1");
  }
}

const flush = (writer: WireWriter): void => writer.flush();
