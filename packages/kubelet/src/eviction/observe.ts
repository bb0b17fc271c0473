/** How much of each resource the node has left. What cannot be told is absent. */
import { readFile } from "node:fs/promises";
import { freemem } from "node:os";
import type { DiskSpace } from "../disk/disk.ts";
import type { RuntimeDisks } from "../disk/runtime-disks.ts";
import type { MachineFacts } from "../node/machine.ts";
import type { PodTools } from "../pod-workers/tools.ts";
import type { Usage } from "../stats/cgroup-usage.ts";
import type { Level, Observation } from "./thresholds.ts";

export async function observe(
  { cgroups, disk, paths, clock }: PodTools,
  machine: MachineFacts,
  { images, containers }: RuntimeDisks,
): Promise<Observation> {
  const spaceOf = async (path: string | undefined) =>
    path ? await disk.space(path).catch(() => undefined) : undefined;
  const [usage, nodefs, imagefs, containerfs, pids] = await Promise.all([
    cgroups.nodeUsage(clock.now()),
    spaceOf(paths.root),
    spaceOf(images?.mountpoint),
    spaceOf(containers?.mountpoint),
    pidLevel(),
  ]);
  return {
    "memory.available": memoryLevel(usage, machine),
    ...disksOf("nodefs", nodefs),
    ...disksOf("imagefs", imagefs),
    ...disksOf("containerfs", containerfs),
    ...(pids && { "pid.available": pids }),
  };
}

/** A node below a cgroup with a limit has no more than that. */
function memoryLevel({ memoryWorkingSetBytes, memoryLimitBytes }: Usage, { memoryBytes }: MachineFacts): Level {
  const capacity = Math.min(memoryBytes, memoryLimitBytes ?? memoryBytes);
  const available = memoryWorkingSetBytes === undefined ? freemem() : capacity - memoryWorkingSetBytes;
  return { available: Math.max(0, available), capacity };
}

function disksOf(name: "nodefs" | "imagefs" | "containerfs", space: DiskSpace | undefined): Observation {
  if (!space) return {};
  return {
    [`${name}.available`]: { available: space.freeBytes, capacity: space.totalBytes },
    // A file system without a number of inodes has as many as it likes.
    ...(space.inodes > 0 && { [`${name}.inodesFree`]: { available: space.inodesFree, capacity: space.inodes } }),
  };
}

async function pidLevel(): Promise<Level | undefined> {
  const read = (path: string) => readFile(path, "utf8").catch(() => "");
  const [max, load] = await Promise.all([read("/proc/sys/kernel/pid_max"), read("/proc/loadavg")]);
  const running = Number(/\/(\d+) /.exec(load)?.[1] ?? Number.NaN);
  const capacity = Number(max || Number.NaN);
  return Number.isFinite(running) && Number.isFinite(capacity)
    ? { available: capacity - running, capacity }
    : undefined;
}
