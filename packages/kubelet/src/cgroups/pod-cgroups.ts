/**
 * Makes and removes the cgroups of pods and of their classes, of version 1 and 2, whichever the machine has.
 * Holds: making what is there sets it anew; removing goes from the innermost outwards and leaves what still has processes to be removed
 * the next time.
 */
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Logger } from "@kubets/machinery";
import { readUsage, type Usage } from "../stats/cgroup-usage.ts";
import {
  type CgroupDriver,
  type PodCgroupSettings,
  podCgroup,
  podCgroupSettings,
  tierCgroup,
  tierShares,
} from "./layout.ts";

export interface PodCgroups {
  readonly version: 1 | 2;
  /** What the runtime is given as the parent of the pod's containers. */
  parentOf(pod: Pod): string;
  ensure(pod: Pod): Promise<void>;
  /** Holds all pods together to what the node has for them. */
  hold(limits: Pick<PodCgroupSettings, "cpuShares" | "memoryBytes" | "pids">): Promise<void>;
  /** Weighs the classes of pods against each other, now that these are the pods of the node. */
  weigh(pods: readonly Pod[]): Promise<void>;
  remove(pod: Pod): Promise<void>;
  /** What the pod uses, as far as it can be told. */
  usage(pod: Pod, now: number): Promise<Usage>;
  /** What all of the node uses. */
  nodeUsage(now: number): Promise<Usage>;
  /** A process of the pod, if there is one. */
  somePid(pod: Pod): Promise<number | undefined>;
}

/** For runtimes without cgroups. */
export const noCgroups: PodCgroups = {
  version: 2,
  parentOf: () => "",
  ensure: async () => {},
  hold: async () => {},
  weigh: async () => {},
  remove: async () => {},
  usage: async (_, timestamp) => ({ timestamp }),
  nodeUsage: async (timestamp) => ({ timestamp }),
  somePid: async () => undefined,
};

export interface PodCgroupsOptions {
  /** All of the node lies below this; "/" on a machine that is one node. */
  readonly root: string;
  readonly driver: CgroupDriver;
  readonly log: Logger;
  /** How many processes a pod may have; -1 for any number. */
  readonly pidsLimit?: number;
  /** What CPU quotas are a part of; undefined where CPU limits are not enforced. */
  readonly cpuPeriodUs?: number | undefined;
  readonly mountpoint?: string;
}

export function podCgroups(options: PodCgroupsOptions): PodCgroups {
  const { root, driver, log, pidsLimit, cpuPeriodUs, mountpoint = "/sys/fs/cgroup" } = options;
  const version = isUnified(mountpoint) ? 2 : 1;
  const hierarchies = version === 2 ? [mountpoint] : controllersV1(mountpoint);
  const parentOf = (pod: Pod) => podCgroup(pod, root, driver);
  /** systemd's slices lie in each other as the parts of their names say. */
  const pathOf = (pod: Pod) => (driver === "systemd" ? slicePath(parentOf(pod)) : parentOf(pod));

  /** systemd makes slices itself when the runtime asks for them. */
  const set = async (path: string, settings: PodCgroupSettings): Promise<void> => {
    if (driver === "systemd") return;
    if (version === 2) await makeV2(mountpoint, path);
    else for (const hierarchy of hierarchies) await mkdir(hierarchy + path, { recursive: true }).catch(() => {});
    for (const [file, value] of version === 2 ? settingsV2(settings) : settingsV1(settings)) {
      const at =
        version === 2 ? join(mountpoint, path, file) : join(mountpoint, file.split(".")[0] as string, path, file);
      await writeFile(at, value).catch((error: unknown) =>
        log.debug("a cgroup could not be set", { file: at, value, error }),
      );
    }
  };
  const weights = new Map<string, number>();

  return {
    version,
    parentOf,
    ensure: (pod) => set(parentOf(pod), podCgroupSettings(pod, { pidsLimit, cpuPeriodUs })),
    hold: (limits) => set(tierCgroup(root), limits),

    async weigh(pods) {
      for (const [tier, shares] of Object.entries(tierShares(pods))) {
        if (weights.get(tier) === shares) continue;
        weights.set(tier, shares);
        await set(tierCgroup(root, tier), { cpuShares: shares });
      }
    },

    async remove(pod) {
      if (driver === "systemd") return;
      for (const hierarchy of hierarchies) await removeTree(hierarchy + parentOf(pod));
    },

    usage: (pod, now) => readUsage(pathOf(pod), version, now, mountpoint),
    nodeUsage: (now) => readUsage(root, version, now, mountpoint),
    somePid: (pod) => somePidBelow(join(mountpoint, version === 1 ? "memory" : "", pathOf(pod))),
  };
}

export function isUnified(mountpoint = "/sys/fs/cgroup"): boolean {
  try {
    return readFileSync(join(mountpoint, "cgroup.controllers")).length >= 0;
  } catch {
    return false;
  }
}

/** The hierarchies of version 1, each once though it may have several names. */
function controllersV1(mountpoint: string): string[] {
  try {
    return readdirSync(mountpoint, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== "unified")
      .map(({ name }) => join(mountpoint, name));
  } catch {
    return [];
  }
}

/** Each level must hand its controllers down. */
async function makeV2(mountpoint: string, path: string): Promise<void> {
  let at = mountpoint;
  for (const part of path.split("/").filter(Boolean)) {
    for (const controller of ["cpu", "cpuset", "memory", "pids", "io", "hugetlb"])
      await writeFile(join(at, "cgroup.subtree_control"), `+${controller}`).catch(() => {});
    at = join(at, part);
    await mkdir(at, { recursive: true });
  }
}

function settingsV1({ cpuShares, cpu, memoryBytes, pids }: PodCgroupSettings): [string, string][] {
  return [
    ...(pids ? ([["pids.max", String(pids)]] as [string, string][]) : []),
    ["cpu.shares", String(cpuShares)],
    ...(cpu
      ? ([
          ["cpu.cfs_period_us", String(cpu.periodUs)],
          ["cpu.cfs_quota_us", String(cpu.quotaUs)],
        ] as [string, string][])
      : []),
    ...(memoryBytes ? ([["memory.limit_in_bytes", String(memoryBytes)]] as [string, string][]) : []),
  ];
}

function settingsV2({ cpuShares, cpu, memoryBytes, pids }: PodCgroupSettings): [string, string][] {
  return [
    ...(pids ? ([["pids.max", String(pids)]] as [string, string][]) : []),
    ["cpu.weight", String(cpuWeight(cpuShares))],
    ...(cpu ? ([["cpu.max", `${cpu.quotaUs} ${cpu.periodUs}`]] as [string, string][]) : []),
    ...(memoryBytes ? ([["memory.max", String(memoryBytes)]] as [string, string][]) : []),
  ];
}

/** Shares of 2 to 262144 on the weights of 1 to 10000. */
export const cpuWeight = (shares: number): number => Math.floor(1 + ((shares - 2) * 9999) / 262_142);

/** "a-b-c.slice" lies at /a.slice/a-b.slice/a-b-c.slice. */
export function slicePath(slice: string): string {
  const parts = slice.replace(/\.slice$/, "").split("-");
  return parts.map((_, i) => `/${parts.slice(0, i + 1).join("-")}.slice`).join("");
}

async function somePidBelow(path: string): Promise<number | undefined> {
  const own = (await readFile(join(path, "cgroup.procs"), "utf8").catch(() => "")).split("\n")[0];
  if (own) return Number(own);
  for (const entry of await readdir(path, { withFileTypes: true }).catch(() => [])) {
    const found = entry.isDirectory() ? await somePidBelow(join(path, entry.name)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

async function removeTree(path: string): Promise<void> {
  const below = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of below) if (entry.isDirectory()) await removeTree(join(path, entry.name));
  await rmdir(path).catch(() => {});
}
