/** The way into an HTTP/2 stream, with the trailers that gRPC puts behind its answers. */
import { constants, type Http2Stream } from "node:http2";
import { type BodySink, type Headers, lowerName } from "./message.ts";

export class StreamSink implements BodySink {
  onReady: (() => void) | undefined;
  readonly #stream: Http2Stream;
  #trailers: Headers = [];
  #closed = false;

  /** `mayTrail`: the stream was begun with `waitForTrailers`. */
  constructor(stream: Http2Stream, mayTrail = false) {
    this.#stream = stream;
    stream.on("drain", () => this.onReady?.());
    if (mayTrail)
      // Without any, too: that is how the stream ends.
      stream.once("wantTrailers", () => stream.sendTrailers(trailersOf(this.#trailers)));
  }

  write(chunk: Buffer): boolean {
    return this.#closed || this.#stream.destroyed ? true : this.#stream.write(chunk);
  }

  end(trailers: Headers = []): void {
    if (this.#closed || this.#stream.destroyed) return;
    this.#closed = true;
    this.#trailers = trailers;
    this.#stream.end();
  }

  abort(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
}

function trailersOf(pairs: Headers): Record<string, string> {
  const all: Record<string, string> = {};
  for (let i = 0; i < pairs.length; i += 2) all[lowerName(pairs[i] as string)] = pairs[i + 1] as string;
  return all;
}
