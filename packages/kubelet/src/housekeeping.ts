/** What a kubelet does from time to time, whatever its pods do: unused images, what runs low, logs that have grown, what the kernel says. */
import { type Clock, type Logger, sleep } from "@kubets/machinery";
import type { KubeletConfig } from "./config.ts";
import type { Disk } from "./disk/disk.ts";
import type { Evictor } from "./eviction/evictor.ts";
import type { ImageCollector } from "./images/image-gc.ts";
import { rotateLogs } from "./logs/rotate.ts";
import { type KernelLog, systemOoms } from "./node/kernel-log.ts";
import type { NodeEvent } from "./node/node-events.ts";
import type { RuntimeCache } from "./pod-workers/runtime-cache.ts";
import type { Runtime } from "./runtime/runtime.ts";

interface HousekeepingOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly config: KubeletConfig;
  readonly runtime: Runtime;
  readonly disk: Disk;
  readonly cache: RuntimeCache;
  readonly images: ImageCollector;
  readonly evictor: Evictor;
  readonly kernelLog: KernelLog | undefined;
  tell(event: NodeEvent): void;
  /** Sets anew what the classes of pods may have, where that follows what they use. */
  readonly weigh?: (() => void) | undefined;
  /** Looks whether volumes are well, where somebody wants to hear of it. */
  readonly lookAtVolumes: (() => Promise<void>) | undefined;
}

const IMAGES_MS = 5 * 60_000;
/** How often the node looks whether it runs low. */
const EVICTION_LOOK_MS = 10_000;
const KERNEL_LOG_MS = 10_000;
const WEIGH_MS = 60_000;

/** Each of the promises ends with the signal. */
export function keepHouse(options: HousekeepingOptions): Promise<void>[] {
  const { clock, log, signal, config, runtime, disk, cache, images, evictor, kernelLog, tell, weigh, lookAtVolumes } =
    options;
  const { volumeStatsAggPeriod } = config.file;
  const repeat = async (periodMs: number, run: () => Promise<unknown>): Promise<void> => {
    while (!signal.aborted) {
      await sleep(clock, periodMs, signal).catch(() => {});
      if (!signal.aborted) await run().catch((error: unknown) => log.warn("a housekeeping task failed", { error }));
    }
  };
  const hearKernel = async (read: KernelLog): Promise<void> => {
    try {
      await read();
    } catch (error) {
      return log.info("the kernel's log cannot be read: an event will not tell when the machine runs out of memory", {
        error,
      });
    }
    await repeat(KERNEL_LOG_MS, async () => systemOoms(await read()).forEach(tell));
  };
  const { containerLogMaxBytes: maxBytes, containerLogMaxFiles: maxFiles } = config;
  return [
    repeat(IMAGES_MS, () => images.collect()),
    repeat(EVICTION_LOOK_MS, () => evictor.look()),
    ...(kernelLog ? [hearKernel(kernelLog)] : []),
    ...(weigh ? [repeat(WEIGH_MS, async () => weigh())] : []),
    ...(lookAtVolumes && volumeStatsAggPeriod > 0 ? [repeat(volumeStatsAggPeriod, lookAtVolumes)] : []),
    repeat(config.containerLogMonitorMs, () =>
      rotateLogs({ runtime, disk, log, cache, maxBytes, maxFiles, now: clock.now() }),
    ),
  ];
}
