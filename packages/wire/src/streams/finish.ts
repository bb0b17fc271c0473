/** Ends streams and waits until what was written to them has been handed on. */
import type { Writable } from "node:stream";

export async function finishAll(streams: Iterable<Writable>): Promise<void> {
  await Promise.all(Array.from(streams, finish));
}

async function finish(stream: Writable): Promise<void> {
  stream.end();
  if (stream.writableFinished || stream.destroyed) return;
  await new Promise<void>((resolve) => {
    stream.once("finish", resolve);
    stream.once("close", resolve);
  });
}
