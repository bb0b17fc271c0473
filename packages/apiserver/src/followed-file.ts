/**
 * Tells when a file that the server was started with may have changed: itself, or the links by which a mounted Secret or ConfigMap is turned. Told
 * once things have settled, as files come in pieces.
 */
import { watch } from "node:fs";
import { basename, dirname } from "node:path";
import type { Clock, Timer } from "@kubets/machinery";

const SETTLE_MS = 200;

/** Returns what ends it. */
export function followFile(path: string, clock: Clock, changed: () => void): () => void {
  const name = basename(path);
  let timer: Timer | undefined;
  const watcher = watch(dirname(path), (_event, entry) => {
    if (entry !== null && entry !== name && !entry.startsWith("..")) return;
    timer?.cancel();
    timer = clock.after(SETTLE_MS, changed);
  });
  return () => {
    watcher.close();
    timer?.cancel();
  };
}
