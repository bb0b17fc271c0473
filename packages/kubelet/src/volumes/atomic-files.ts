/**
 * Writes the files of a volume so that who reads them sees all old or all new ones: into a new folder, to which one link is then moved.
 * Holds: what each name shows changes at the same instant; a crash in between leaves the old files in place, and the next writing cleans up.
 */
import { dirname, join } from "node:path";
import type { Disk } from "../disk/disk.ts";
import type { VolumeFiles } from "./volume.ts";

const DATA = "..data";
const NEXT = "..data_tmp";

/** `prepare` comes when the new files lie in the folder and nobody sees them yet. */
export async function writeAtomically(
  disk: Disk,
  folder: string,
  files: VolumeFiles,
  now: number,
  prepare: () => Promise<void> = async () => {},
): Promise<void> {
  const present = await disk.readLink(join(folder, DATA));
  if (present !== undefined && (await isSame(disk, join(folder, present), files))) return;

  const stamped = await freshName(disk, folder, now);
  await disk.makeFolder(join(folder, stamped), 0o755);
  for (const [path, { content, mode, owner }] of files) {
    const file = join(folder, stamped, path);
    if (path.includes("/")) await disk.makeFolder(dirname(file), 0o755);
    await disk.writeFile(file, content, mode);
    if (owner !== undefined) await disk.setOwner(file, owner, -1 >>> 0);
  }
  await prepare();
  await disk.remove(join(folder, NEXT));
  await disk.link(stamped, join(folder, NEXT));
  await disk.rename(join(folder, NEXT), join(folder, DATA));

  await linkNames(disk, folder, files);
  for (const name of await disk.list(folder)) {
    if (name.startsWith("..") && name !== stamped && name !== DATA) await disk.remove(join(folder, name));
  }
}

/** The names that containers see are links through `..data`, one for each file or folder at the top. */
async function linkNames(disk: Disk, folder: string, files: VolumeFiles): Promise<void> {
  const wanted = new Set([...files.keys()].map((path) => path.split("/")[0] as string));
  for (const name of wanted) {
    const path = join(folder, name);
    if ((await disk.readLink(path)) === undefined) await disk.link(join(DATA, name), path);
  }
  for (const name of await disk.list(folder)) {
    if (!name.startsWith("..") && !wanted.has(name)) await disk.remove(join(folder, name));
  }
}

async function isSame(disk: Disk, folder: string, files: VolumeFiles): Promise<boolean> {
  const present = await filesBelow(disk, folder, "");
  if (present.length !== files.size) return false;
  for (const path of present) {
    const file = files.get(path);
    if (!file || !(await disk.readFile(join(folder, path))).equals(file.content)) return false;
  }
  return true;
}

async function filesBelow(disk: Disk, folder: string, path: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await disk.list(join(folder, path))) {
    const below = path ? `${path}/${name}` : name;
    const entry = await disk.stat(join(folder, below));
    if (entry?.kind === "folder") found.push(...(await filesBelow(disk, folder, below)));
    else if (entry) found.push(below);
  }
  return found;
}

/** `..2026_01_02_03_04_05.000000001`, as the original names them. */
async function freshName(disk: Disk, folder: string, now: number): Promise<string> {
  const taken = new Set(await disk.list(folder));
  const stamp = `..${new Date(now).toISOString().slice(0, 19).replace(/[-T:]/g, "_")}`;
  for (let n = (now % 1000) * 1_000_000; ; n++) {
    const name = `${stamp}.${String(n).padStart(9, "0")}`;
    if (!taken.has(name)) return name;
  }
}
