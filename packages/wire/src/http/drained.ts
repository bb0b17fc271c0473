import type { Writable } from "node:stream";

/** Resolves when nothing waits any more to be taken by the other side, or that side is gone. */
export function drained(to: Writable): Promise<void> {
  if (!to.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      to.off("drain", done).off("close", done);
      resolve();
    };
    to.on("drain", done).on("close", done);
  });
}
