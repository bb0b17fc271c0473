/** Which pod uses more of the node's disk than it may: by an emptyDir, by a container, or by all together. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { podLimits } from "@kubets/api/pod/resources";
import { parseQuantity } from "@kubets/machinery/quantity";
import type { Disk } from "../disk/disk.ts";
import { sizeOf } from "../disk/size.ts";
import { type KubeletPaths, volumeFolder } from "../paths.ts";
import type { ContainerStats } from "../runtime/runtime.ts";

const RESOURCE = "ephemeral-storage";

/** Whether there is anything to watch: measuring costs. */
export const hasStorageLimits = ({ spec }: Pod): boolean =>
  spec.containers.some(({ resources }) => resources.limits?.[RESOURCE] !== undefined) ||
  (spec.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined && emptyDir.medium !== "Memory");

/** A limit that is passed, in the original's words. */
export interface StorageExcess {
  readonly signal: "emptydirfs.limit" | "ephemeralpodfs.limit" | "ephemeralcontainerfs.limit";
  readonly message: string;
}

/** `stats` are of the pod's running containers, by name. */
export async function storageExcess(
  pod: Pod,
  stats: ReadonlyMap<string, ContainerStats>,
  disk: Disk,
  paths: KubeletPaths,
): Promise<StorageExcess | undefined> {
  let volumes = 0;
  for (const { name, emptyDir } of pod.spec.volumes ?? []) {
    if (!emptyDir || emptyDir.medium === "Memory") continue;
    const folder = volumeFolder(paths, pod.metadata.uid, "kubernetes.io/empty-dir", name);
    const used = (await sizeOf(disk, folder)).bytes;
    volumes += used;
    if (emptyDir.sizeLimit && used > parseQuantity(emptyDir.sizeLimit).value())
      return {
        signal: "emptydirfs.limit",
        message: `Usage of EmptyDir volume "${name}" exceeds the limit "${emptyDir.sizeLimit}". `,
      };
  }
  const total = podLimits(pod).get(RESOURCE);
  const all = [...stats.values()].reduce((sum, { diskUsedBytes = 0 }) => sum + diskUsedBytes, volumes);
  const everyone = pod.spec.containers.every(({ resources }) => resources.limits?.[RESOURCE] !== undefined);
  if (total && everyone && all > total.value())
    return {
      signal: "ephemeralpodfs.limit",
      message: `Pod ephemeral local storage usage exceeds the total limit of containers ${total.toString()}. `,
    };
  for (const { name, resources } of pod.spec.containers) {
    const limit = resources.limits?.[RESOURCE];
    if (limit && (stats.get(name)?.diskUsedBytes ?? 0) > parseQuantity(limit).value())
      return {
        signal: "ephemeralcontainerfs.limit",
        message: `Container ${name} exceeded its local ephemeral storage limit "${limit}". `,
      };
  }
  return undefined;
}
