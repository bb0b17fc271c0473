/** Reads a request's body whole. A body of one chunk, the usual case, is given as it came. */
import type { Readable } from "node:stream";
import { BodyTooLargeError, ClientGoneError } from "./exchange.ts";

export const NO_BODY = new Uint8Array();

export function readWhole(source: Readable, limit: number, declaredLength: string | undefined): Promise<Uint8Array> {
  if (declaredLength !== undefined && Number(declaredLength) > limit)
    return Promise.reject(new BodyTooLargeError(limit));
  if (source.readableEnded) return Promise.resolve(NO_BODY);
  if (source.destroyed) return Promise.reject(new ClientGoneError());
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined;
    let chunks: Buffer[] | undefined;
    let size = 0;

    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        stop();
        // What is still sent goes by unread, so that the client gets as far as reading the answer.
        source.resume();
        reject(new BodyTooLargeError(limit));
      } else if (!first) first = chunk;
      else (chunks ??= [first]).push(chunk);
    };
    const onEnd = () => {
      stop();
      resolve(chunks ? Buffer.concat(chunks, size) : (first ?? NO_BODY));
    };
    const onGone = () => {
      stop();
      reject(new ClientGoneError());
    };
    const stop = () => {
      source.off("data", onData).off("end", onEnd).off("close", onGone).off("error", onGone);
    };
    source.on("data", onData).on("end", onEnd).on("close", onGone).on("error", onGone);
  });
}
