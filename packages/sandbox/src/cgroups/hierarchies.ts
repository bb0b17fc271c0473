/**
 * Which cgroup hierarchies this machine has: the one of version 2, or those of version 1 (also in the hybrid mode, where a bare version 2
 * stands beside them).
 * Holds: `folders` gives one folder for each hierarchy in which a process must be placed to be accounted for and found.
 */
import { join } from "node:path";
import type { Mount } from "../namespaces/mounts.ts";

export interface CgroupHierarchies {
  readonly version: 1 | 2;
  /** Mount points. */
  readonly roots: readonly string[];
}

/** Controllers of which runc wants each to be there. */
const V1_CONTROLLERS = ["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids"];

export function findHierarchies(mounts: readonly Mount[]): CgroupHierarchies | undefined {
  const v1 = new Map<string, string>();
  for (const { path, type, options } of mounts) {
    const key = options.filter((option) => V1_CONTROLLERS.includes(option) || option.startsWith("name=")).join(",");
    // The same hierarchy may be mounted twice; the last mount on a path is the one seen.
    if (type === "cgroup" && key && !v1.has(key)) v1.set(key, path);
  }
  const unified = mounts.find(({ type }) => type === "cgroup2");
  // In the hybrid mode runc makes its cgroups in the bare version 2 as well.
  if (v1.size > 0) return { version: 1, roots: [...v1.values(), ...(unified ? [unified.path] : [])] };
  return unified && { version: 2, roots: [unified.path] };
}

/** The folders of a cgroup, whose path begins with a slash. */
export const cgroupFolders = ({ roots }: CgroupHierarchies, path: string): string[] =>
  roots.map((root) => join(root, path));
