/** Makes room on the disk of images: when it is nearly full, images that nothing uses go, until it is less full. */
import type { Clock, Logger } from "@kubets/machinery";
import type { Disk } from "../disk/disk.ts";
import type { Runtime, RuntimeImage } from "../runtime/runtime.ts";

export interface ImageGcOptions {
  readonly runtime: Runtime;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: { readonly imageGcHighPercent: number; readonly imageGcLowPercent: number };
  /** Looked at when the runtime does not say where its images are. */
  readonly folder: string;
  inUse(): ReadonlySet<string>;
}

/** `all`: everything that nothing uses goes, however full the disk is. Gives whether anything went. */
export async function collectImages(
  { runtime, disk, log, config, folder, inUse }: ImageGcOptions,
  { all = false } = {},
): Promise<boolean> {
  const filesystem = await runtime.imageFilesystem();
  const { totalBytes, freeBytes } = await disk.space(filesystem?.mountpoint || folder).catch(() => disk.space(folder));
  const used = 100 * (1 - freeBytes / totalBytes);
  if (used < config.imageGcHighPercent && !all) return false;
  const toFree = all ? Number.POSITIVE_INFINITY : totalBytes * ((used - config.imageGcLowPercent) / 100);
  const chosen = imagesToRemove(await runtime.listImages(), inUse(), toFree);
  for (const image of chosen) {
    log.info("an unused image is removed to make room", { image: image.tags[0] ?? image.id, bytes: image.size });
    await runtime.removeImage(image.id);
  }
  return chosen.length > 0;
}

/** The largest first, so that few must be pulled again. Pinned ones stay. */
export function imagesToRemove(
  images: readonly RuntimeImage[],
  inUse: ReadonlySet<string>,
  bytes: number,
): RuntimeImage[] {
  const used = ({ id, tags, digests }: RuntimeImage) => [id, ...tags, ...digests].some((name) => inUse.has(name));
  const chosen: RuntimeImage[] = [];
  let freed = 0;
  for (const image of images.filter((each) => !each.pinned && !used(each)).sort((a, b) => b.size - a.size)) {
    if (freed >= bytes) break;
    chosen.push(image);
    freed += image.size;
  }
  return chosen;
}
