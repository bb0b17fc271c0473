/**
 * Keeps the node from running out of memory, disk, inodes and processes: looks, shows the pressure, frees what nobody uses, and ends one pod at a
 * time, the first in rank. Pods that pass their own limits of disk go whatever the node has left.
 * Holds: critical and static pods stay; after a pod was ended nothing more is ended until it is gone.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { KubeletConfig } from "../config.ts";
import { type DiskPart, podDisk, takenBy } from "../disk/pod-disk.ts";
import { type DiskLayout, runtimeDisks } from "../disk/runtime-disks.ts";
import type { MachineFacts } from "../node/machine.ts";
import { nodeRef } from "../node/node-events.ts";
import type { PodWorkers } from "../pod-workers/pod-workers.ts";
import type { PodTools } from "../pod-workers/tools.ts";
import type { PodWorker } from "../pod-workers/worker.ts";
import { CONTAINER_NAME, POD_UID } from "../runtime/names.ts";
import type { ContainerStats } from "../runtime/runtime.ts";
import { isNodeCritical } from "../static-pods/static-pods.ts";
import { evictionMessage } from "./eviction-message.ts";
import { observe } from "./observe.ts";
import { type Contender, rank } from "./rank.ts";
import { hasStorageLimits, storageExcess } from "./storage-limits.ts";
import {
  isOfContainerDisk,
  type Observation,
  PRESSURE_OF,
  type Pressure,
  Pressures,
  RESOURCE_OF,
  type Signal,
  type Threshold,
  thresholdsOf,
  withContainerDisk,
} from "./thresholds.ts";

interface EvictorOptions {
  readonly tools: PodTools;
  readonly workers: PodWorkers;
  readonly machine: MachineFacts;
  readonly config: Pick<KubeletConfig, "eviction" | "file">;
  /** Instead of looking at the machine; for tests. */
  readonly observe?: () => Promise<Observation>;
  /** The node's conditions changed. */
  changed(): void;
  /** Frees disk by containers that have ended, by images that nobody uses, or by both; gives whether that was anything. */
  freeDisk(what: Freed): Promise<boolean>;
}

export interface Freed {
  readonly containers: boolean;
  readonly images: boolean;
}

const EVICTED = "Evicted";

export class Evictor {
  readonly #options: EvictorOptions;
  readonly #thresholds: readonly Threshold[];
  readonly #pressures: Pressures;
  #shown = new Set<Pressure>();

  constructor(options: EvictorOptions) {
    this.#options = options;
    const { eviction } = options.config;
    this.#thresholds = thresholdsOf(eviction);
    this.#pressures = new Pressures(eviction.transitionMs);
    if ([eviction.hard, eviction.soft].some((list) => Object.keys(list).some(isOfContainerDisk)))
      options.tools.log.warn("thresholds of containerfs are ignored: it has those of the disk that it lies on");
  }

  /** What the node is short of. */
  pressures(): ReadonlySet<Pressure> {
    return this.#shown;
  }

  async look(): Promise<void> {
    const { tools, machine } = this.#options;
    const { runtime, disk, paths, node } = tools;
    const disks = await runtimeDisks({ runtime, disk, root: paths.root, maySplit: node.splitsDisks });
    const { layout } = disks;
    await this.#enforceLimits(layout);
    const seen = await (this.#options.observe?.() ?? observe(tools, machine, disks));
    const now = tools.clock.now();
    const due = this.#pressures.observe(withContainerDisk(this.#thresholds, layout), seen, now);
    this.#show(this.#pressures.shown(now));
    const [threshold] = due;
    if (!threshold || this.#isEnding()) return;
    const resource = RESOURCE_OF[threshold.signal];
    tools.events.event(
      nodeRef(tools.node.name),
      "Warning",
      "EvictionThresholdMet",
      `Attempting to reclaim ${resource}`,
    );
    const isDisk = PRESSURE_OF[threshold.signal] === "DiskPressure";
    if (isDisk && (await this.#options.freeDisk(freedBy(threshold.signal, layout)))) return;
    await this.#evictFirst(threshold, seen, layout);
  }

  #show(shown: Set<Pressure>): void {
    if (shown.symmetricDifference(this.#shown).size === 0) return;
    this.#shown = shown;
    this.#options.changed();
  }

  #candidates(): PodWorker[] {
    return this.#options.workers
      .all()
      .filter(({ pod, isOver, refused }) => !isOver && !refused && !isNodeCritical(pod));
  }

  #isEnding(): boolean {
    return this.#candidates().some(({ isEvicted }) => isEvicted);
  }

  async #evictFirst(threshold: Threshold, seen: Observation, layout: DiskLayout): Promise<void> {
    const { tools, config } = this.#options;
    const resource = RESOURCE_OF[threshold.signal];
    const stats = await this.#statsByPod();
    const workers = new Map(this.#candidates().map((worker) => [worker.uid, worker]));
    const parts = partsOf(threshold.signal, layout);
    const contenders = await Promise.all(
      [...workers.values()].map(({ pod, uid }) => this.#contender(pod, resource, stats.get(uid) ?? new Map(), parts)),
    );
    const [first] = rank(contenders, resource);
    if (!first) {
      tools.log.warn("the node runs low and no pod can be ended for it", { resource });
      return;
    }
    const grace =
      threshold.graceMs === undefined
        ? 0
        : Math.min(config.eviction.maxPodGraceSeconds, first.pod.spec.terminationGracePeriodSeconds ?? 30);
    const message = evictionMessage(first, threshold, seen[threshold.signal] ?? { available: 0, capacity: 0 });
    this.#evict(workers.get(first.pod.metadata.uid) as PodWorker, { signal: threshold.signal, message }, grace);
  }

  async #contender(
    pod: Pod,
    resource: string,
    stats: ReadonlyMap<string, ContainerStats>,
    parts: readonly DiskPart[],
  ): Promise<Contender> {
    const { tools } = this.#options;
    if (resource === "pids") {
      const { processes = 0 } = await tools.cgroups.usage(pod, tools.clock.now());
      return { pod, used: processes };
    }
    if (resource === "memory") {
      const containers = new Map(
        [...stats].map(([name, { memoryWorkingSetBytes = 0 }]) => [name, memoryWorkingSetBytes]),
      );
      return { pod, used: containers.values().reduce((sum, used) => sum + used, 0), containers };
    }
    const taken = await podDisk(pod, stats, tools);
    if (resource === "inodes") return { pod, used: takenBy(taken, parts).inodes };
    const containers = new Map([...taken.containers].map(([name, { root, logs }]) => [name, root.bytes + logs.bytes]));
    return { pod, used: takenBy(taken, parts).bytes, containers };
  }

  async #enforceLimits(layout: DiskLayout): Promise<void> {
    const { tools, config } = this.#options;
    if (!config.file.localStorageCapacityIsolation) return;
    const limited = this.#candidates().filter(({ pod, isEvicted }) => hasStorageLimits(pod) && !isEvicted);
    if (limited.length === 0) return;
    const stats = await this.#statsByPod();
    const parts = partsOf("nodefs.available", layout);
    for (const worker of limited) {
      const taken = await podDisk(worker.pod, stats.get(worker.uid) ?? new Map(), tools);
      const excess = storageExcess(worker.pod, taken, parts);
      if (excess) this.#evict(worker, excess, 1);
    }
  }

  async #statsByPod(): Promise<Map<string, Map<string, ContainerStats>>> {
    const byPod = new Map<string, Map<string, ContainerStats>>();
    for (const each of await this.#options.tools.runtime.containerStats()) {
      const uid = each.labels[POD_UID] ?? "";
      const ofPod = byPod.get(uid) ?? new Map<string, ContainerStats>();
      byPod.set(uid, ofPod.set(each.labels[CONTAINER_NAME] ?? "", each));
    }
    return byPod;
  }

  #evict(worker: PodWorker, { signal, message }: { signal: string; message: string }, graceSeconds: number): void {
    const { events, log, metrics } = this.#options.tools;
    metrics.evicted(signal);
    log.info("a pod is evicted", { pod: worker.pod.metadata.name, namespace: worker.pod.metadata.namespace, message });
    events.event(worker.pod, "Warning", EVICTED, message);
    worker.end(graceSeconds, { reason: EVICTED, message, disruption: true }, false);
  }
}

/** What of a pod lies on the file system that runs low. */
function partsOf(signal: Signal, layout: DiskLayout): readonly DiskPart[] {
  if (layout === "apart") return signal.startsWith("nodefs") ? ["logs", "volumes"] : ["root"];
  // Nothing of a pod lies with images that are alone: the less important go first.
  return layout === "split" && signal.startsWith("imagefs") ? [] : ["root", "logs", "volumes"];
}

/** What gives back room where it is short. */
function freedBy(signal: Signal, layout: DiskLayout): Freed {
  const ofImages = signal.startsWith("imagefs");
  if (layout === "split") return { containers: !ofImages, images: ofImages };
  return { containers: true, images: layout === "together" || !signal.startsWith("nodefs") };
}
