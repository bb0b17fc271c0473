/**
 * Sends an answer, packed when it is large and the client takes that.
 * Holds: packing runs beside the event loop; bytes that several clients are sent (lists) are packed once. An answer of several parts becomes
 * one member of gzip all the same: browsers read no further than the first.
 */
import { promisify } from "node:util";
import { constants, crc32, deflateRaw, type ZlibOptions } from "node:zlib";
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
  gzipOf(parts).then(
    (pieces) => exchange.respond(status, headers, pieces),
    (error: unknown) => call.server.log.error("an answer could not be packed", { url: exchange.url, error }),
  );
}

const READS = new Set(["get", "list"]);

/** Packed by deflate, with nothing said of when it was or what it is called. */
const HEAD = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
/** A last block, empty. */
const LAST = Buffer.from([3, 0]);

async function gzipOf(parts: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const pieces = await Promise.all(parts.map(packed));
  let sum = 0;
  let size = 0;
  for (const part of parts) {
    sum = crc32(part, sum);
    size += part.length;
  }
  const end = Buffer.alloc(8);
  end.writeUInt32LE(sum);
  end.writeUInt32LE(size % 2 ** 32, 4);
  return [HEAD, ...pieces, LAST, end];
}

const pack = promisify<Uint8Array, ZlibOptions, Buffer>(deflateRaw);
/** Ends at a whole byte, and not with a last block, so that others can follow. */
const AS_PIECE: ZlibOptions = { level: constants.Z_BEST_SPEED, finishFlush: constants.Z_SYNC_FLUSH };
const known = new WeakMap<Uint8Array, Promise<Buffer>>();

function packed(part: Uint8Array): Promise<Buffer> {
  let piece = known.get(part);
  if (!piece) known.set(part, (piece = pack(part, AS_PIECE)));
  return piece;
}

function isLarge(parts: readonly Uint8Array[]): boolean {
  let size = 0;
  for (const part of parts) size += part.length;
  return size > SMALLEST_PACKED;
}
