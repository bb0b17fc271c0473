/** A folder in memory, mounted once. */
import { dirname } from "node:path";
import type { Disk } from "../disk/disk.ts";

export async function ensureTmpfs(disk: Disk, folder: string, sizeBytes: number): Promise<void> {
  const [here, above] = [await disk.stat(folder), await disk.stat(dirname(folder))];
  if (here && above && here.device !== above.device) return;
  await disk.mountTmpfs(folder, sizeBytes);
}
