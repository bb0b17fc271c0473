/** Requests that come over HTTP/2, as the same thing as those of HTTP/1.1. */
import { constants, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { BodyQueue } from "./body-queue.ts";
import { StreamSink } from "./h2-stream-sink.ts";
import { flat } from "./h2-upstream.ts";
import type { AnswerHead, Incoming } from "./incoming.ts";
import { type BodySink, type BodySource, CHUNKED, type Headers, lowerName, type RequestHead } from "./message.ts";

export function serveSession(
  session: ServerHttp2Session,
  socket: Socket,
  idleMs: number,
  handler: (incoming: Incoming) => void,
): void {
  const where = { peer: socket.remoteAddress ?? "", port: socket.localPort ?? 0 };
  session.on("stream", (stream, headers, flags) => {
    const ended = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    const head = headOf(headers, ended);
    if (head) handler(new H2Incoming(stream, head, where, ended));
    else stream.close(constants.NGHTTP2_PROTOCOL_ERROR);
  });
  session.on("error", () => {});
  session.setTimeout(idleMs, () => session.close());
}

const HOST = /^(?:[\w.~!$&'()*+,;=%-]+|\[[\da-fA-F:.]+\])(?::\d*)?$/;

function headOf(headers: IncomingHttpHeaders, ended: boolean): RequestHead | undefined {
  const { ":method": method, ":path": target, ":authority": authority, host } = headers;
  const name = String(authority ?? host ?? "");
  if (!method || !target || !HOST.test(name)) return undefined;
  if (!String(target).startsWith("/") && target !== "*") return undefined;
  const length = headers["content-length"];
  const { host: _, te: __, "content-length": ___, ...rest } = headers;
  return {
    method: String(method),
    target: String(target),
    host: name,
    headers: flat(rest),
    framing: ended ? 0 : length === undefined ? CHUNKED : Number(length),
    keepAlive: true,
    isHttp10: false,
    upgrade: "",
    expectsContinue: false,
  };
}

class H2Incoming implements Incoming {
  readonly head: RequestHead;
  readonly peer: string;
  readonly port: number;
  readonly isSecure = true;
  readonly body: BodySource | undefined;
  onGone: (() => void) | undefined;
  readonly #stream: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream, head: RequestHead, where: { peer: string; port: number }, ended: boolean) {
    this.#stream = stream;
    this.head = head;
    this.peer = where.peer;
    this.port = where.port;
    const queue = ended ? undefined : this.#takeBody(stream);
    this.body = queue;
    stream.on("error", () => {});
    stream.on("close", () => {
      queue?.fail();
      if (!stream.writableFinished) this.onGone?.();
    });
  }

  #takeBody(stream: ServerHttp2Stream): BodyQueue {
    const queue = new BodyQueue({ hold: () => stream.pause(), release: () => stream.resume() });
    let trailers: Headers = [];
    stream
      .on("data", (chunk: Buffer) => queue.push(chunk))
      .on("trailers", (headers) => {
        trailers = flat(headers);
      })
      .on("end", () => {
        // A stream that was broken off ends, too.
        if (!stream.aborted) queue.end(trailers);
      });
    return queue;
  }

  answer({ status, headers, framing }: AnswerHead): BodySink {
    const stream = this.#stream;
    const sink = new StreamSink(stream, framing !== 0);
    if (!stream.destroyed && !stream.headersSent)
      stream.respond(
        { ":status": status, ...gathered(headers) },
        framing === 0 ? { endStream: true } : { waitForTrailers: true },
      );
    return sink;
  }

  inform(status: number, headers: Headers): void {
    const stream = this.#stream;
    if (!stream.destroyed && !stream.headersSent) stream.additionalHeaders({ ":status": status, ...gathered(headers) });
  }

  switchTo(): Duplex {
    throw new Error("HTTP/2 does not change to another protocol");
  }
}

/** Lower-case, with the values of one name together. */
function gathered(pairs: Headers): Record<string, string | string[]> {
  const all: Record<string, string | string[]> = {};
  for (let i = 0; i < pairs.length; i += 2) {
    const name = lowerName(pairs[i] as string);
    const value = pairs[i + 1] as string;
    const before = all[name];
    all[name] = before === undefined ? value : [...[before].flat(), value];
  }
  return all;
}
