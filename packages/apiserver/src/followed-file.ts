/**
 * Tells when a file that the server was started with may have changed: itself, or the links by which a mounted Secret or ConfigMap is turned; or anything in
 * a folder. Told once things have settled, as files come in pieces.
 */
import { watch } from "node:fs";
import { basename, dirname } from "node:path";
import type { Clock, Timer } from "@kubets/machinery";

const SETTLE_MS = 200;

/** Returns what ends it. */
export function followFile(path: string, clock: Clock, changed: () => void): () => void {
  const name = basename(path);
  return followEntries(dirname(path), clock, (entry) => entry === name || entry.startsWith(".."), changed);
}

/** The same for all that stands in a folder. */
export const followFolder = (path: string, clock: Clock, changed: () => void): (() => void) =>
  followEntries(path, clock, () => true, changed);

function followEntries(
  folder: string,
  clock: Clock,
  concerns: (entry: string) => boolean,
  changed: () => void,
): () => void {
  let timer: Timer | undefined;
  const watcher = watch(folder, (_event, entry) => {
    if (entry !== null && !concerns(entry)) return;
    timer?.cancel();
    timer = clock.after(SETTLE_MS, changed);
  });
  return () => {
    watcher.close();
    timer?.cancel();
  };
}
