/**
 * Sends an answer, packed when it is large and the client takes that.
 * Holds: packing runs beside the event loop; bytes that several clients are sent (lists) are packed once.
 */
import type { ApiCall } from "./api-call.ts";
import { packed } from "./packed-parts.ts";

type Body = Uint8Array | readonly Uint8Array[];

/** From this size on, as in the original. */
const SMALLEST_PACKED = 128 * 1024;

export function send(call: ApiCall, status: number, headers: string[], body: Body): void {
  const { exchange } = call;
  const parts = body instanceof Uint8Array ? [body] : body;
  if (!isLarge(parts) || !READS.has(call.info.verb) || !exchange.header("accept-encoding")?.includes("gzip"))
    return exchange.respond(status, headers, body);
  headers.push("content-encoding", "gzip", "vary", "Accept-Encoding");
  packed(parts).then(
    (stream) => exchange.respond(status, headers, stream),
    (error: unknown) => call.server.log.error("an answer could not be packed", { url: exchange.url, error }),
  );
}

const READS = new Set(["get", "list"]);

function isLarge(parts: readonly Uint8Array[]): boolean {
  let size = 0;
  for (const part of parts) size += part.length;
  return size > SMALLEST_PACKED;
}
