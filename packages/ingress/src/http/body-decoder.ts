/**
 * Takes the framing off a body: says which bytes of what came belong to it, and when it is whole.
 * Holds: sizes of chunks are plain hexadecimal, line ends CR LF; extensions of chunks are dropped; what is wrong throws.
 */
import { parseTrailers } from "./head.ts";
import { BadMessage, CHUNKED, type Framing, type Headers, UNTIL_CLOSE } from "./message.ts";

const MOST_LINE = 512;
const MOST_TRAILERS = 8192;
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const SIZE = new RegExp(
  `^([\\da-fA-F]{1,13})(?:;${TOKEN}(?:=(?:${TOKEN}|"[\\t\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]*"))?)*$`,
);
const CR = 13;
const LF = 10;

type State = "size" | "data" | "after" | "trailers";

export class BodyDecoder {
  done: boolean;
  trailers: Headers = [];
  readonly #framing: Framing;
  /** Of the body, or of the present chunk. */
  #left: number;
  #state: State = "size";
  #line = "";

  constructor(framing: Framing) {
    this.#framing = framing;
    this.#left = Math.max(0, framing);
    this.done = framing === 0;
  }

  /** Gives what is of the body to `data`; returns where in `bytes` the message ends, or their length. */
  push(bytes: Buffer, from: number, data: (chunk: Buffer) => void): number {
    if (this.#framing === CHUNKED) return this.#pushChunked(bytes, from, data);
    const end = this.#framing === UNTIL_CLOSE ? bytes.length : Math.min(bytes.length, from + this.#left);
    if (this.#framing !== UNTIL_CLOSE) {
      this.#left -= end - from;
      this.done = this.#left === 0;
    }
    if (end > from) data(from === 0 && end === bytes.length ? bytes : bytes.subarray(from, end));
    return end;
  }

  /** The connection ended: whether the body is whole. */
  finish(): boolean {
    if (this.#framing === UNTIL_CLOSE) this.done = true;
    return this.done;
  }

  #pushChunked(bytes: Buffer, from: number, data: (chunk: Buffer) => void): number {
    let at = from;
    while (at < bytes.length && !this.done) {
      if (this.#state === "data") {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        data(bytes.subarray(at, end));
        at = end;
        if (this.#left === 0) this.#state = "after";
        continue;
      }
      const end = bytes.indexOf(LF, at);
      this.#line += bytes.toString("latin1", at, end < 0 ? bytes.length : end + 1);
      if (this.#line.length > (this.#state === "trailers" ? MOST_TRAILERS : MOST_LINE))
        throw new BadMessage(400, "a line between chunks is too long");
      if (end < 0) return bytes.length;
      at = end + 1;
      this.#lineEnded();
    }
    return at;
  }

  #lineEnded(): void {
    const line = this.#line;
    if (line.charCodeAt(line.length - 2) !== CR) throw new BadMessage(400, "a line between chunks is malformed");
    if (this.#state === "trailers") {
      if (line !== "\r\n" && !line.endsWith("\r\n\r\n")) return;
      this.trailers = parseTrailers(line.slice(0, -2));
      this.done = true;
    } else if (this.#state === "after") {
      if (line !== "\r\n") throw new BadMessage(400, "a chunk is longer than it says");
      this.#state = "size";
    } else {
      const size = SIZE.exec(line.slice(0, -2));
      if (!size) throw new BadMessage(400, "the size of a chunk is malformed");
      this.#left = Number.parseInt(size[1] as string, 16);
      this.#state = this.#left === 0 ? "trailers" : "data";
    }
    this.#line = "";
  }
}
