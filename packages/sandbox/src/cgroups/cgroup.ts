/**
 * One cgroup in all hierarchies: made, filled, emptied by force, removed.
 * Holds: in version 2 a cgroup that hands its controllers on has no processes of its own, so `make` is for inner ones and `makeLeaf` for
 * those that processes are put into.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Clock, sleep } from "@kubets/machinery";
import { type CgroupHierarchies, cgroupFolders } from "./hierarchies.ts";

export async function makeCgroup(hierarchies: CgroupHierarchies, path: string): Promise<void> {
  for (const root of hierarchies.roots) {
    let folder = root;
    if (hierarchies.version === 2) await handOnControllers(folder);
    for (const part of path.split("/").filter(Boolean)) {
      folder = join(folder, part);
      await mkdir(folder, { recursive: true });
      if (hierarchies.version === 2) await handOnControllers(folder);
      else await inheritCpuset(folder);
    }
  }
}

/** Makes the cgroup and gives the folders to put a process into (`Scope.cgroups`). */
export async function makeLeaf(hierarchies: CgroupHierarchies, path: string): Promise<string[]> {
  await makeCgroup(hierarchies, dirname(path));
  const folders = cgroupFolders(hierarchies, path);
  for (const folder of folders) {
    await mkdir(folder, { recursive: true });
    if (hierarchies.version === 1) await inheritCpuset(folder);
  }
  return folders;
}

/** What the parent offers; a controller that cannot be handed on here (hugetlb in a VM, io without disks) is left out. */
async function handOnControllers(folder: string): Promise<void> {
  const offered = (await readFile(join(folder, "cgroup.controllers"), "utf8")).split(/\s+/).filter(Boolean);
  const present = (await readFile(join(folder, "cgroup.subtree_control"), "utf8")).split(/\s+/);
  for (const controller of offered) {
    if (present.includes(controller)) continue;
    await writeFile(join(folder, "cgroup.subtree_control"), `+${controller}`).catch((error: NodeJS.ErrnoException) => {
      if (NEEDED.includes(controller))
        throw new Error(`${folder} cannot hand on its controller ${controller}`, { cause: error });
    });
  }
}

const NEEDED = ["cpu", "memory", "pids"];

/** A new cpuset of version 1 has no CPUs and no memory, and takes no process until it has. */
async function inheritCpuset(folder: string): Promise<void> {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    const path = join(folder, file);
    if (!existsSync(path) || (await readFile(path, "utf8")).trim()) continue;
    await writeFile(path, await readFile(join(dirname(folder), file), "utf8"));
  }
}

/** All processes in the cgroup and below, in any hierarchy. */
export async function cgroupProcesses(hierarchies: CgroupHierarchies, path: string): Promise<Set<number>> {
  const pids = new Set<number>();
  for (const folder of cgroupFolders(hierarchies, path)) {
    for (const inner of await foldersBelow(folder)) {
      const text = await readFile(join(inner, "cgroup.procs"), "utf8").catch(() => "");
      for (const line of text.split("\n")) if (Number(line) > 0) pids.add(Number(line));
    }
  }
  return pids;
}

const BUSY_MS = 2000;
const LOOK_AGAIN_MS = 20;

/** Removes the cgroup with all below it. What still runs inside makes it fail, after a while: one that just died counts for a moment. */
export async function removeCgroup(hierarchies: CgroupHierarchies, path: string, clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + BUSY_MS;
  for (const folder of cgroupFolders(hierarchies, path)) {
    for (const inner of (await foldersBelow(folder)).toReversed()) {
      while (!(await removed(inner, clock.monotonic() < deadline))) await sleep(clock, LOOK_AGAIN_MS);
    }
  }
}

/** False when it is busy and may be tried again. */
async function removed(folder: string, again: boolean): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return true;
    if (code === "EBUSY" && again) return false;
    throw error;
  }
}

/** Removes the folders above a cgroup that nothing is in any more. */
export async function removeEmptyParent(hierarchies: CgroupHierarchies, path: string): Promise<void> {
  for (const folder of cgroupFolders(hierarchies, dirname(path))) {
    if (basename(folder)) await rmdir(folder).catch(() => {});
  }
}

export const cgroupExists = (hierarchies: CgroupHierarchies, path: string): boolean =>
  cgroupFolders(hierarchies, path).some((folder) => existsSync(folder));

/** The folder and all below it, parents first. */
async function foldersBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (!entries) return [];
  const found = [folder];
  for (const entry of entries) if (entry.isDirectory()) found.push(...(await foldersBelow(join(folder, entry.name))));
  return found;
}
