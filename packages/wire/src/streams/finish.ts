/** Ends streams and waits until what was written to them has been handed on. */
import type { Writable } from "node:stream";

export async function finishAll(streams: Iterable<Writable>): Promise<void> {
  await Promise.all(
    [...streams].map((stream) => {
      stream.end();
      if (stream.writableFinished || stream.destroyed) return;
      return new Promise<void>((resolve) => {
        stream.once("finish", resolve);
        stream.once("close", resolve);
      });
    }),
  );
}
