/** Which pod uses more of the node's disk than it may: by an emptyDir, by all together, or by a container. Pure. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { podLimits } from "@kubets/api/pod/resources";
import { parseQuantity } from "@kubets/machinery/quantity";
import { type DiskPart, type PodDisk, takenBy } from "../disk/pod-disk.ts";

const RESOURCE = "ephemeral-storage";

/** Whether there is anything to watch: measuring costs. */
export const hasStorageLimits = ({ spec }: Pod): boolean =>
  spec.containers.some(({ resources }) => resources.limits?.[RESOURCE] !== undefined) ||
  (spec.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined && emptyDir.medium !== "Memory");

/** A limit that is passed, in the original's words. */
interface StorageExcess {
  readonly signal: "emptydirfs.limit" | "ephemeralpodfs.limit" | "ephemeralcontainerfs.limit";
  readonly message: string;
}

/** `parts` are those that lie on the disk of the kubelet. */
export function storageExcess(pod: Pod, taken: PodDisk, parts: readonly DiskPart[]): StorageExcess | undefined {
  for (const { name, emptyDir } of pod.spec.volumes ?? []) {
    const used = taken.volumes.get(name);
    if (emptyDir?.sizeLimit && used && used.bytes > parseQuantity(emptyDir.sizeLimit).value())
      return {
        signal: "emptydirfs.limit",
        message: `Usage of EmptyDir volume "${name}" exceeds the limit "${emptyDir.sizeLimit}". `,
      };
  }
  const total = podLimits(pod).get(RESOURCE);
  if (total && takenBy(taken, parts).bytes > total.value())
    return {
      signal: "ephemeralpodfs.limit",
      message: `Pod ephemeral local storage usage exceeds the total limit of containers ${total.toString()}. `,
    };
  for (const { name, resources } of pod.spec.containers) {
    const limit = resources.limits?.[RESOURCE];
    const container = taken.containers.get(name);
    if (!limit || !container) continue;
    const used = container.logs.bytes + (parts.includes("root") ? container.root.bytes : 0);
    if (used > parseQuantity(limit).value())
      return {
        signal: "ephemeralcontainerfs.limit",
        message: `Container ${name} exceeded its local ephemeral storage limit "${limit}". `,
      };
  }
  return undefined;
}
