/**
 * What a pod takes of the node's own disk: its volumes of files, and for each container its logs and what it wrote into its root, which the runtime
 * counts.
 */
import { join } from "node:path";
import type { Pod, Volume } from "@kubets/api/generated/types/core-v1";
import { type KubeletPaths, podLogFolder, volumeFolder } from "../paths.ts";
import type { ContainerStats } from "../runtime/runtime.ts";
import { type Disk, type DiskUsage, sumOfUsage } from "./disk.ts";

export interface PodDisk {
  readonly volumes: ReadonlyMap<string, DiskUsage>;
  readonly containers: ReadonlyMap<string, { readonly root: DiskUsage; readonly logs: DiskUsage }>;
}

export type DiskPart = "root" | "logs" | "volumes";

/** The kinds of volumes that are files of the node's disk and go with their pod. */
const PLUGINS = [
  ["emptyDir", "kubernetes.io/empty-dir"],
  ["configMap", "kubernetes.io/configmap"],
  ["downwardAPI", "kubernetes.io/downward-api"],
] as const;

/** The plugin whose folder holds the files of a volume; undefined when they lie elsewhere. */
export const localPlugin = (volume: Volume): string | undefined =>
  volume.emptyDir?.medium ? undefined : PLUGINS.find(([source]) => volume[source])?.[1];

/** `stats` are of the pod's running containers, by name. */
export async function podDisk(
  pod: Pod,
  stats: ReadonlyMap<string, ContainerStats>,
  { disk, paths }: { readonly disk: Disk; readonly paths: KubeletPaths },
): Promise<PodDisk> {
  const volumes = new Map<string, DiskUsage>();
  for (const volume of pod.spec.volumes ?? []) {
    const plugin = localPlugin(volume);
    if (plugin) volumes.set(volume.name, await disk.usage(volumeFolder(paths, pod.metadata.uid, plugin, volume.name)));
  }
  const containers = new Map<string, { root: DiskUsage; logs: DiskUsage }>();
  for (const [name, { diskUsedBytes = 0, diskInodesUsed = 0 }] of stats)
    containers.set(name, {
      root: { bytes: diskUsedBytes, inodes: diskInodesUsed },
      logs: await disk.usage(join(podLogFolder(paths, pod), name)),
    });
  return { volumes, containers };
}

export const takenBy = ({ volumes, containers }: PodDisk, parts: readonly DiskPart[]): DiskUsage =>
  sumOfUsage(
    parts.flatMap((part) =>
      part === "volumes" ? [...volumes.values()] : [...containers.values()].map((each) => each[part]),
    ),
  );
