/** One request on an HTTP/2 stream: its head, its body, its errors, and what aborts it. */
import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from "node:http2";
import { bodyOf } from "./response-body.ts";
import { type ApiRequest, type ApiResponse, TransportError } from "./transport.ts";

/** The server refused the stream before it did anything. */
export class RefusedStream extends TransportError {
  constructor(message: string, options?: ErrorOptions) {
    super("broken", message, options);
  }
}

export function h2Exchange(stream: ClientHttp2Stream, request: ApiRequest, origin: string): Promise<ApiResponse> {
  const { signal, body } = request;
  let failure: Error | undefined;
  const onAbort = () => {
    failure = signal?.reason as Error;
    stream.close(constants.NGHTTP2_CANCEL);
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  stream.once("close", () => signal?.removeEventListener("abort", onAbort));
  stream.on("error", (error) => (failure ??= streamError(stream, error, origin)));

  const head = new Promise<ApiResponse>((resolve, reject) => {
    stream.once("response", (headers) => {
      const { ":status": status, ...rest } = headers as IncomingHttpHeaders;
      const broken = () => failure ?? brokenAt(stream, origin);
      resolve({
        status: Number(status),
        headers: rest,
        ...bodyOf(stream, broken, () => stream.close(constants.NGHTTP2_CANCEL)),
      });
    });
    stream.once("close", () => reject(failure ?? streamError(stream, undefined, origin)));
  });
  if (body) stream.end(body);
  return head;
}

/** Why a stream that has ended is not whole; undefined when it is. */
function brokenAt(stream: ClientHttp2Stream, origin: string): Error | undefined {
  return stream.rstCode === constants.NGHTTP2_NO_ERROR ? undefined : streamError(stream, undefined, origin);
}

function streamError(stream: ClientHttp2Stream, cause: Error | undefined, origin: string): Error {
  if (cause instanceof TransportError) return cause;
  const { code } = (cause ?? {}) as NodeJS.ErrnoException;
  const refused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM || code === "ERR_HTTP2_GOAWAY_SESSION";
  const message = `the connection to ${origin} broke off: ${cause?.message ?? `stream closed with code ${stream.rstCode}`}`;
  return refused ? new RefusedStream(message, { cause }) : new TransportError("broken", message, { cause });
}
