/** What a kubelet does from time to time, whatever its pods do: unused images, what runs low, logs that have grown. */
import { type Clock, type Logger, sleep } from "@kubets/machinery";
import type { KubeletConfig } from "./config.ts";
import type { Disk } from "./disk/disk.ts";
import type { Evictor } from "./eviction/evictor.ts";
import type { ImageCollector } from "./images/image-gc.ts";
import { rotateLogs } from "./logs/rotate.ts";
import type { RuntimeCache } from "./pod-workers/runtime-cache.ts";
import type { Runtime } from "./runtime/runtime.ts";

export interface HousekeepingOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly config: KubeletConfig;
  readonly runtime: Runtime;
  readonly disk: Disk;
  readonly cache: RuntimeCache;
  readonly images: ImageCollector;
  readonly evictor: Evictor;
}

const IMAGES_MS = 5 * 60_000;
/** How often the node looks whether it runs low. */
const EVICTION_LOOK_MS = 10_000;

/** Each of the promises ends with the signal. */
export function keepHouse(options: HousekeepingOptions): Promise<void>[] {
  const { clock, log, signal, config, runtime, disk, cache, images, evictor } = options;
  const repeat = async (periodMs: number, run: () => Promise<unknown>): Promise<void> => {
    while (!signal.aborted) {
      await sleep(clock, periodMs, signal).catch(() => {});
      if (!signal.aborted) await run().catch((error: unknown) => log.warn("a housekeeping task failed", { error }));
    }
  };
  const { containerLogMaxBytes: maxBytes, containerLogMaxFiles: maxFiles } = config;
  return [
    repeat(IMAGES_MS, () => images.collect()),
    repeat(EVICTION_LOOK_MS, () => evictor.look()),
    repeat(config.containerLogMonitorMs, () =>
      rotateLogs({ runtime, disk, log, cache, maxBytes, maxFiles, now: clock.now() }),
    ),
  ];
}
