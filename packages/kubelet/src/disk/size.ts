/** What the files below a folder hold, and how many they are; what goes away meanwhile counts for nothing. */
import { join } from "node:path";
import type { Disk } from "./disk.ts";

export interface FolderSize {
  readonly bytes: number;
  readonly inodes: number;
}

const NOTHING: FolderSize = { bytes: 0, inodes: 0 };

export async function sizeOf(disk: Disk, path: string): Promise<FolderSize> {
  if ((await disk.readLink(path).catch(() => undefined)) !== undefined) return { bytes: 0, inodes: 1 };
  const entry = await disk.stat(path).catch(() => undefined);
  if (!entry) return NOTHING;
  if (entry.kind !== "folder") return { bytes: entry.size, inodes: 1 };
  let [bytes, inodes] = [0, 1];
  for (const name of await disk.list(path)) {
    const below = await sizeOf(disk, join(path, name));
    bytes += below.bytes;
    inodes += below.inodes;
  }
  return { bytes, inodes };
}
