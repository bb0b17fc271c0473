/** Compression of large answers: made in the thread pool, at the fastest level, only when the client takes it. */

import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";

/** Smaller answers are sent as they are; compressing them costs more than it saves. */
export const GZIP_FROM_BYTES = 128 * 1024;

const compress = promisify(gzip);

/** Whether an Accept-Encoding header allows gzip. */
export function acceptsGzip(header: string | undefined): boolean {
  if (!header) return false;
  let wildcard = false;
  for (const clause of header.split(",")) {
    const [name = "", ...parameters] = clause.split(";").map((part) => part.trim().toLowerCase());
    const allowed = !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    if (name === "gzip") return allowed;
    if (name === "*") wildcard = allowed;
  }
  return wildcard;
}

export const gzipped = (body: Uint8Array): Promise<Buffer> => compress(body, { level: constants.Z_BEST_SPEED });
