/**
 * Sends an answer, packed when it is large and the client takes that.
 * Holds: packing runs beside the event loop; bytes that several clients are sent (lists) are packed once. An answer of several parts becomes
 * as many members of one gzip stream, which readers take as one text.
 */
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import type { ApiCall } from "./api-call.ts";

type Body = Uint8Array | readonly Uint8Array[];

/** From this size on, as in the original. */
export const SMALLEST_PACKED = 128 * 1024;

export function send(call: ApiCall, status: number, headers: string[], body: Body): void {
  const { exchange } = call;
  const parts = body instanceof Uint8Array ? [body] : body;
  if (!isLarge(parts) || !READS.has(call.info.verb) || !exchange.header("accept-encoding")?.includes("gzip"))
    return exchange.respond(status, headers, body);
  headers.push("content-encoding", "gzip", "vary", "Accept-Encoding");
  Promise.all(parts.map(packed)).then(
    (members) => exchange.respond(status, headers, members),
    (error: unknown) => call.server.log.error("an answer could not be packed", { url: exchange.url, error }),
  );
}

const READS = new Set(["get", "list"]);
const pack = promisify<Uint8Array, { level: number }, Buffer>(gzip);
const members = new WeakMap<Uint8Array, Promise<Buffer>>();

function packed(part: Uint8Array): Promise<Buffer> {
  let member = members.get(part);
  if (!member) members.set(part, (member = pack(part, { level: constants.Z_BEST_SPEED })));
  return member;
}

function isLarge(parts: readonly Uint8Array[]): boolean {
  let size = 0;
  for (const part of parts) size += part.length;
  return size > SMALLEST_PACKED;
}
