/**
 * Bytes that many watchers get. The chunk of HTTP/1.1's chunked coding (length, bytes, line end) is made once, when the
 * first HTTP/1.1 watcher needs it, and written as it is to each of their sockets.
 */
const LINE_END = Buffer.from("\r\n");

export class Frame {
  readonly bytes: Uint8Array;
  #chunk: Buffer | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get chunk(): Buffer {
    this.#chunk ??= Buffer.concat([
      Buffer.from(`${this.bytes.length.toString(16)}\r\n`, "latin1"),
      this.bytes,
      LINE_END,
    ]);
    return this.#chunk;
  }
}
