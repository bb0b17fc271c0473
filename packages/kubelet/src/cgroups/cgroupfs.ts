/** Cgroups that the kubelet makes itself, as folders. Holds: removing goes from the innermost outwards. */
import { readdirSync } from "node:fs";
import { mkdir, readdir, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@kubets/machinery";
import { type CgroupParts, type CgroupTree, cgroupVersion } from "./cgroup-tree.ts";
import { filesOf } from "./settings.ts";

/** Where version 2 is beside the hierarchies of version 1. */
const HYBRID = "unified";
const CONTROLLERS_V2 = ["cpu", "cpuset", "memory", "pids", "io", "hugetlb"];

export function cgroupfs(log: Logger, mountpoint = "/sys/fs/cgroup"): CgroupTree {
  const version = cgroupVersion(mountpoint);
  const hierarchies = version === 2 ? [mountpoint] : controllersV1(mountpoint);
  const pathOf = (parts: CgroupParts) => `/${parts.join("/")}`;
  return {
    version,
    nameOf: pathOf,
    pathOf,

    async ensure(parts, settings) {
      const path = pathOf(parts);
      if (version === 2) await makeV2(mountpoint, parts);
      else for (const hierarchy of hierarchies) await mkdir(hierarchy + path, { recursive: true }).catch(() => {});
      for (const [file, value] of filesOf(settings, version)) {
        const controller = version === 2 ? "" : (file.split(".")[0] as string);
        const at = join(mountpoint, controller, path, file);
        await writeFile(at, value).catch((error: unknown) =>
          log.debug("a cgroup could not be set", { file: at, value, error }),
        );
      }
    },

    async remove(parts) {
      // In hybrid mode runtimes make theirs in the hierarchy of version 2, too.
      for (const hierarchy of [...hierarchies, join(mountpoint, HYBRID)]) await removeTree(hierarchy + pathOf(parts));
    },
  };
}

/** The hierarchies of version 1, each once though it may have several names. */
function controllersV1(mountpoint: string): string[] {
  try {
    return readdirSync(mountpoint, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== HYBRID)
      .map(({ name }) => join(mountpoint, name));
  } catch {
    return [];
  }
}

/** Each level must hand its controllers down. */
async function makeV2(mountpoint: string, parts: CgroupParts): Promise<void> {
  let at = mountpoint;
  for (const part of parts) {
    for (const controller of CONTROLLERS_V2)
      await writeFile(join(at, "cgroup.subtree_control"), `+${controller}`).catch(() => {});
    at = join(at, part);
    await mkdir(at, { recursive: true });
  }
}

async function removeTree(path: string): Promise<void> {
  const below = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of below) if (entry.isDirectory()) await removeTree(join(path, entry.name));
  await rmdir(path).catch(() => {});
}
