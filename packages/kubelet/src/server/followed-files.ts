/** Tells when what stands in one of several files has changed. A file that cannot be read just now has not. */
import { readFile } from "node:fs/promises";
import { type Clock, sleep } from "@kubets/machinery";

export interface FollowedFiles {
  readonly paths: readonly string[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  changed(): void;
}

const LOOK_MS = 10_000;

/** Ends with the signal. */
export async function followFiles({ paths, clock, signal, changed }: FollowedFiles): Promise<void> {
  const known = new Map<string, string>();
  const look = async (path: string): Promise<boolean> => {
    const before = known.get(path);
    const text = await readFile(path, "utf8").catch(() => undefined);
    if (text === undefined) return false;
    known.set(path, text);
    return before !== undefined && before !== text;
  };
  while (paths.length > 0 && !signal.aborted) {
    const found = await Promise.all(paths.map(look));
    if (found.includes(true) && !signal.aborted) changed();
    await sleep(clock, LOOK_MS, signal).catch(() => {});
  }
}
