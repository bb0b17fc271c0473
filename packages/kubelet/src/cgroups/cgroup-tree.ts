/** Cgroups by the names that lead to them from the root, whoever makes them: the kubelet itself, or systemd. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CgroupSettings, CgroupVersion } from "./settings.ts";

export type CgroupParts = readonly string[];

export interface CgroupTree {
  readonly version: CgroupVersion;
  /** What a runtime is given as a parent of containers. */
  nameOf(parts: CgroupParts): string;
  /** Below the mount of each hierarchy. */
  pathOf(parts: CgroupParts): string;
  /** Makes it and all above, or sets it anew when it is there. */
  ensure(parts: CgroupParts, settings: CgroupSettings): Promise<void>;
  /** What still has processes stays, to be removed the next time. */
  remove(parts: CgroupParts): Promise<void>;
}

export function cgroupVersion(mountpoint = "/sys/fs/cgroup"): CgroupVersion {
  try {
    readFileSync(join(mountpoint, "cgroup.controllers"));
    return 2;
  } catch {
    return 1;
  }
}
