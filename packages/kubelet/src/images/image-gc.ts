/**
 * Takes images away that nothing uses: the ones unused for too long, and when the disk of images is nearly full as many as make it less full.
 * Holds: an image younger than the minimum age stays, and so does a pinned one; how long an image has been unused counts from this kubelet's first look.
 */
import type { Clock, Logger } from "@kubets/machinery";
import type { Disk } from "../disk/disk.ts";
import type { KubeletMetrics } from "../metrics/kubelet-metrics.ts";
import type { PodRuntimeState } from "../pod-workers/runtime-state.ts";
import { VOLUME_IMAGES } from "../runtime/names.ts";
import { imageKey, type Runtime, type RuntimeImage } from "../runtime/runtime.ts";
import type { PullRecords } from "./pull-records.ts";

interface ImageGcOptions {
  readonly runtime: Runtime;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: {
    readonly imageGcHighPercent: number;
    readonly imageGcLowPercent: number;
    readonly imageMinimumAgeMs: number;
    /** 0 for no limit. */
    readonly imageMaximumAgeMs: number;
  };
  /** Whether an image is another one for each handler of the runtime that it was pulled for. */
  readonly byHandler?: boolean;
  /** Looked at when the runtime does not say where its images are. */
  readonly folder: string;
  inUse(): ReadonlySet<string>;
  /** Of images that are gone they are pruned. */
  readonly records?: Pick<PullRecords, "prune">;
  readonly metrics?: KubeletMetrics;
  /** A warning about the node. */
  warn?(reason: string, message: string): void;
}

/** When an image was seen first and used last, on the monotonic clock. */
interface ImageAge {
  readonly seenAt: number;
  readonly usedAt: number;
}

export class ImageCollector {
  readonly #options: ImageGcOptions;
  #ages: ReadonlyMap<string, ImageAge> = new Map();

  constructor(options: ImageGcOptions) {
    this.#options = options;
  }

  /** `all`: everything that nothing uses goes, however full the disk is. Gives whether anything went. */
  async collect(wish: { readonly all?: boolean } = {}): Promise<boolean> {
    try {
      return await this.#collect(wish);
    } catch (error) {
      this.#options.warn?.("ImageGCFailed", (error as Error).message);
      throw error;
    }
  }

  async #collect({ all = false }: { readonly all?: boolean }): Promise<boolean> {
    const { runtime, clock, log, config, byHandler, inUse, records, metrics, warn } = this.#options;
    const begun = clock.now();
    const now = clock.monotonic();
    const listed = await runtime.listImages();
    const images = byHandler ? listed : listed.map((image) => ({ ...image, handler: "" }));
    this.#ages = nextAges(images, inUse(), this.#ages, now);
    const free = images.filter((image) => !image.pinned && !isUsed(image, inUse()));
    const aged = tooOld(free, this.#ages, now, config.imageMaximumAgeMs);
    const rest = free.filter((image) => !aged.includes(image));
    const ripe = rest.filter(
      (image) => now - (this.#ages.get(keyOf(image))?.seenAt ?? now) >= config.imageMinimumAgeMs,
    );
    const over = all ? 0 : await this.#bytesOver();
    const chosen = [...aged, ...(all ? rest : imagesToRemove(ripe, over))];
    const found = chosen.reduce((sum, { size }) => sum + size, 0);
    if (found < over) {
      const message = `Failed to garbage collect required amount of images. Attempted to free ${Math.round(over)} bytes, but only found ${found} bytes eligible to free.`;
      warn?.("FreeDiskSpaceFailed", message);
    }
    for (const image of chosen) {
      log.info("an unused image is removed", { image: image.tags[0] ?? image.id, bytes: image.size });
      await runtime.removeImage(image.id, image.handler);
      metrics?.imageCollected(aged.includes(image) ? "age" : "space");
    }
    const present = images.filter((image) => !chosen.includes(image)).map(({ id }) => id);
    await records?.prune(new Set(present), begun);
    return chosen.length > 0;
  }

  /** How much must go for the disk to be less full; 0 while it is not nearly full. */
  async #bytesOver(): Promise<number> {
    const { runtime, disk, folder, config } = this.#options;
    const { images } = await runtime.filesystems();
    const { totalBytes, freeBytes } = await disk.space(images?.mountpoint || folder).catch(() => disk.space(folder));
    const used = 100 * (1 - freeBytes / totalBytes);
    return used < config.imageGcHighPercent ? 0 : totalBytes * ((used - config.imageGcLowPercent) / 100);
  }
}

const keyOf = ({ id, handler }: RuntimeImage): string => imageKey(id, handler);

const isUsed = ({ id, tags, digests, handler }: RuntimeImage, inUse: ReadonlySet<string>): boolean =>
  [id, ...tags, ...digests].some((name) => inUse.has(imageKey(name, handler)));

/** What is gone is forgotten. */
function nextAges(
  images: readonly RuntimeImage[],
  inUse: ReadonlySet<string>,
  before: ReadonlyMap<string, ImageAge>,
  now: number,
): Map<string, ImageAge> {
  return new Map(
    images.map((image) => {
      const key = keyOf(image);
      const known = before.get(key) ?? { seenAt: now, usedAt: now };
      return [key, isUsed(image, inUse) ? { ...known, usedAt: now } : known];
    }),
  );
}

const tooOld = (
  images: readonly RuntimeImage[],
  ages: ReadonlyMap<string, ImageAge>,
  now: number,
  maximumMs: number,
): RuntimeImage[] =>
  maximumMs === 0 ? [] : images.filter((image) => now - (ages.get(keyOf(image))?.usedAt ?? now) > maximumMs);

/** The largest first, so that few must be pulled again. */
function imagesToRemove(images: readonly RuntimeImage[], bytes: number): RuntimeImage[] {
  const chosen: RuntimeImage[] = [];
  let freed = 0;
  for (const image of images.toSorted((a, b) => b.size - a.size)) {
    if (freed >= bytes) break;
    chosen.push(image);
    freed += image.size;
  }
  return chosen;
}

/**
 * By every name that a container knows its image by, and those of its volumes; also as images of the handler that its image was pulled for. That is
 * its sandbox's where the runtime tells it of images alone: what runs never goes.
 */
export const imagesInUse = (all: readonly (readonly [string, PodRuntimeState])[]): Set<string> =>
  new Set(
    all.flatMap(([, { containers, sandboxes }]) =>
      containers.flatMap(({ imageId, imageRef, image, imageHandler, sandboxId, annotations }) => {
        const names = [imageId, imageRef, image, ...(annotations[VOLUME_IMAGES]?.split(",") ?? [])];
        const handler = imageHandler ?? sandboxes.find(({ id }) => id === sandboxId)?.handler;
        return handler ? [...names, ...names.map((name) => imageKey(name, handler))] : names;
      }),
    ),
  );
