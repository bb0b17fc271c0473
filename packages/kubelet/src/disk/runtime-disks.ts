/**
 * On which file systems of the node the runtime keeps images, and what containers write: with the kubelet's own folders, both on one of their own, or
 * images alone apart from what containers write (gate KubeletSeparateDiskGC).
 */
import type { FilesystemStats, Runtime, RuntimeFilesystems } from "../runtime/runtime.ts";
import type { Disk } from "./disk.ts";

/** "together": all on one; "apart": images and containers on another; "split": images on another than containers. */
export type DiskLayout = "together" | "apart" | "split";

export interface RuntimeDisks {
  readonly layout: DiskLayout;
  /** Undefined where the runtime does not say. */
  readonly images: FilesystemStats | undefined;
  /** Of what containers write; that of the images where it is not split. */
  readonly containers: FilesystemStats | undefined;
}

interface Place {
  readonly runtime: Pick<Runtime, "filesystems">;
  readonly disk: Pick<Disk, "stat">;
  /** The kubelet's own folder. */
  readonly root: string;
  readonly maySplit: boolean;
}

export async function runtimeDisks({ runtime, disk, root, maySplit }: Place): Promise<RuntimeDisks> {
  const { images, containers = images } = await runtime.filesystems().catch((): RuntimeFilesystems => ({}));
  if (!images?.mountpoint) return { layout: "together", images, containers: images };
  const device = async (path: string) => (await disk.stat(path))?.device;
  const there = await device(images.mountpoint);
  if (maySplit && containers?.mountpoint && containers.mountpoint !== images.mountpoint) {
    const written = await device(containers.mountpoint);
    if (there !== undefined && written !== undefined && there !== written)
      return { layout: "split", images, containers };
  }
  const own = await device(root);
  const isApart = there !== undefined && own !== undefined && there !== own;
  return { layout: isApart ? "apart" : "together", images, containers: images };
}
