/** Whether something is mounted at or below a folder, in any mount namespace that a process is in. */
import { readlink } from "node:fs/promises";
import { mountsBelow, readMounts } from "../namespaces/mounts.ts";
import { allPids } from "./processes.ts";

export async function mountedAnywhere(folder: string): Promise<boolean> {
  return (await mountersOf([folder])).length > 0;
}

/** A process of each mount namespace that has mounts below one of the folders. */
export async function mountersOf(folders: readonly string[]): Promise<number[]> {
  const seen = new Set<string>();
  const found: number[] = [];
  for (const pid of await allPids()) {
    const id = await readlink(`/proc/${pid}/ns/mnt`).catch(() => "");
    if (!id || seen.has(id)) continue;
    seen.add(id);
    const mounts = await readMounts(pid).catch(() => []);
    if (folders.some((folder) => mountsBelow(mounts, folder).length > 0)) found.push(pid);
  }
  return found;
}
