/** The body of an answer, from Node's stream of it: whole or as it comes, with an end that is not whole told. */
import type { Readable } from "node:stream";
import type { ApiResponse } from "./transport.ts";

/** `broken` says after the end why the body is not whole; `cancel` ends a body that nobody reads to its end. */
export function bodyOf(
  source: Readable,
  broken: () => Error | undefined,
  cancel: () => void,
): Pick<ApiResponse, "bytes" | "stream"> {
  return {
    bytes: () => readWhole(source, broken),
    stream: () => chunksOf(source, broken, cancel),
  };
}

function readWhole(source: Readable, broken: () => Error | undefined): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let ended = source.readableEnded;
    const finish = () => {
      const error = broken() ?? (ended ? undefined : new Error("the answer was cut off"));
      if (error) reject(error);
      else resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
    };
    if (source.closed || source.destroyed) {
      finish();
      return;
    }
    source.on("data", (chunk: Buffer) => chunks.push(chunk));
    source.on("end", () => (ended = true));
    source.once("close", finish);
  });
}

async function* chunksOf(
  source: Readable,
  broken: () => Error | undefined,
  cancel: () => void,
): AsyncGenerator<Uint8Array> {
  let whole = false;
  try {
    for await (const chunk of source) yield chunk as Uint8Array;
    whole = true;
  } catch (error) {
    throw broken() ?? error;
  } finally {
    if (!whole) cancel();
  }
  const error = broken();
  if (error) throw error;
}
