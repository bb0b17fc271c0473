/** Gives a volume to the pod's group: everything in it belongs to the group, which may read it, and write it unless it is read only. */
import { join } from "node:path";
import type { Disk } from "../disk/disk.ts";

const SETGID = 0o2000;
const KEEP = -1 >>> 0;

export async function setGroup(disk: Disk, path: string, group: number, readOnly: boolean): Promise<void> {
  // A link's owner does not matter, and what it leads to is met on its own.
  if ((await disk.readLink(path)) !== undefined) return;
  const entry = await disk.stat(path);
  if (!entry) return;
  const forGroup = readOnly ? 0o440 : 0o660;
  await disk.setOwner(path, KEEP, group);
  await disk.setMode(path, entry.mode | (entry.kind === "folder" ? forGroup | 0o110 | SETGID : forGroup));
  if (entry.kind !== "folder") return;
  for (const name of await disk.list(path)) await setGroup(disk, join(path, name), group, readOnly);
}

/** Whether the volume's own folder is the group's already: then all in it was given to the group before. */
export async function hasGroup(disk: Disk, path: string, group: number): Promise<boolean> {
  const entry = await disk.stat(path);
  return entry?.group === group && (entry.mode & SETGID) !== 0;
}
