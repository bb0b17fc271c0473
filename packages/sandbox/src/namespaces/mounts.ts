/** Mounts as /proc/PID/mountinfo lists them. */
import { readFile } from "node:fs/promises";

export interface Mount {
  readonly path: string;
  readonly type: string;
  readonly source: string;
  /** Options of the file system itself: for cgroup v1, its controllers. */
  readonly options: readonly string[];
}

/** In the order in which they were made. */
export function parseMounts(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split("\n")) {
    const [before, after] = line.split(" - ");
    const path = before?.split(" ")[4];
    const [type, source, options] = after?.split(" ") ?? [];
    if (!path || !type) continue;
    mounts.push({ path: unescaped(path), type, source: unescaped(source ?? ""), options: options?.split(",") ?? [] });
  }
  return mounts;
}

export const readMounts = async (pid: number | "self" = "self"): Promise<Mount[]> =>
  parseMounts(await readFile(`/proc/${pid}/mountinfo`, "utf8"));

/** The mounts at or below a folder, the last one first: the order to unmount them in. */
export const mountsBelow = (mounts: readonly Mount[], folder: string): Mount[] =>
  mounts.filter(({ path }) => path === folder || path.startsWith(`${folder}/`)).toReversed();

/** Blanks, tabs, line feeds and backslashes are written in octal. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
