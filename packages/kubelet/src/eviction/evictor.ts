/**
 * Keeps the node from running out of memory, disk, inodes and processes: looks, shows the pressure, frees what nobody uses, and ends one pod at a
 * time, the first in rank. Pods that pass their own limits of disk go whatever the node has left.
 * Holds: critical and static pods stay; after a pod was ended nothing more is ended until it is gone.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { Quantity } from "@kubets/machinery/quantity";
import type { KubeletConfig } from "../config.ts";
import type { MachineFacts } from "../node/machine.ts";
import { nodeRef } from "../node/node-events.ts";
import type { PodWorkers } from "../pod-workers/pod-workers.ts";
import type { PodTools } from "../pod-workers/tools.ts";
import type { PodWorker } from "../pod-workers/worker.ts";
import { CONTAINER_NAME, POD_UID } from "../runtime/names.ts";
import type { ContainerStats } from "../runtime/runtime.ts";
import { isNodeCritical } from "../static-pods/static-pods.ts";
import { observe } from "./observe.ts";
import { type Contender, rank, requested } from "./rank.ts";
import { hasStorageLimits, storageExcess } from "./storage-limits.ts";
import {
  amountOf,
  type Observation,
  PRESSURE_OF,
  type Pressure,
  Pressures,
  RESOURCE_OF,
  type Threshold,
  thresholdsOf,
} from "./thresholds.ts";

export interface EvictorOptions {
  readonly tools: PodTools;
  readonly workers: PodWorkers;
  readonly machine: MachineFacts;
  readonly config: Pick<KubeletConfig, "eviction" | "file">;
  /** Instead of looking at the machine; for tests. */
  readonly observe?: () => Promise<Observation>;
  /** The node's conditions changed. */
  changed(): void;
  /** Frees disk by what nobody uses; gives whether that was anything. */
  freeDisk(): Promise<boolean>;
}

export const EVICTED = "Evicted";

export class Evictor {
  readonly #options: EvictorOptions;
  readonly #pressures: Pressures;
  #shown = new Set<Pressure>();

  constructor(options: EvictorOptions) {
    this.#options = options;
    const { eviction } = options.config;
    this.#pressures = new Pressures(thresholdsOf(eviction), eviction.transitionMs);
  }

  /** What the node is short of. */
  pressures(): ReadonlySet<Pressure> {
    return this.#shown;
  }

  async look(): Promise<void> {
    const { tools, machine } = this.#options;
    await this.#enforceLimits();
    const seen = await (this.#options.observe?.() ?? observe(tools, machine));
    const now = tools.clock.now();
    const due = this.#pressures.observe(seen, now);
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
    if (PRESSURE_OF[threshold.signal] === "DiskPressure" && (await this.#options.freeDisk())) return;
    await this.#evictFirst(threshold, seen);
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

  async #evictFirst(threshold: Threshold, seen: Observation): Promise<void> {
    const { tools, config } = this.#options;
    const resource = RESOURCE_OF[threshold.signal];
    const stats = await this.#statsByPod();
    const workers = new Map(this.#candidates().map((worker) => [worker.uid, worker]));
    const contenders = await Promise.all(
      [...workers.values()].map(async ({ pod, uid }): Promise<Contender> => {
        const used = await this.#used(pod, resource, stats.get(uid));
        return { pod, used };
      }),
    );
    const [first] = rank(contenders, resource);
    if (!first) {
      tools.log.warn("the node runs low and no pod can be ended for it", { resource });
      return;
    }
    const level = seen[threshold.signal];
    const bytes = (value: number) =>
      resource === "inodes" || resource === "pids"
        ? String(Math.round(value))
        : new Quantity(Math.round(value), 0, "BinarySI").toString();
    const message = `The node was low on resource: ${resource}. Threshold quantity: ${bytes(amountOf(threshold.text, level?.capacity ?? 0))}, available: ${bytes(level?.available ?? 0)}. ${this.#explain(first, resource, stats.get(first.pod.metadata.uid))}`;
    const grace =
      threshold.graceMs === undefined
        ? 0
        : Math.min(config.eviction.maxPodGraceSeconds, first.pod.spec.terminationGracePeriodSeconds ?? 30);
    this.#evict(workers.get(first.pod.metadata.uid) as PodWorker, { signal: threshold.signal, message }, grace);
  }

  /** The containers that use more than they asked for. */
  #explain({ pod }: Contender, resource: string, stats: ReadonlyMap<string, ContainerStats> | undefined): string {
    if (resource !== "memory") return "";
    const shown = (value: number) => new Quantity(Math.floor(value / 1024) * 1024, 0, "BinarySI").toString();
    return pod.spec.containers
      .flatMap(({ name, resources }) => {
        const used = stats?.get(name)?.memoryWorkingSetBytes ?? 0;
        const request = requested(
          { ...pod, spec: { ...pod.spec, initContainers: [], containers: [{ name, resources }] } } as Pod,
          resource,
        );
        return used > request
          ? [
              `Container ${name} was using ${shown(used)}, request is ${resources.requests?.memory ?? "0"}, has larger consumption of memory. `,
            ]
          : [];
      })
      .join("");
  }

  async #used(pod: Pod, resource: string, stats: ReadonlyMap<string, ContainerStats> | undefined): Promise<number> {
    const sum = (of: (each: ContainerStats) => number | undefined) =>
      [...(stats?.values() ?? [])].reduce((all, each) => all + (of(each) ?? 0), 0);
    if (resource === "memory") return sum((each) => each.memoryWorkingSetBytes);
    if (resource === "inodes") return sum((each) => each.diskInodesUsed);
    if (resource === "pids") {
      const { cgroups, clock } = this.#options.tools;
      return (await cgroups.usage(pod, clock.now())).processes ?? 0;
    }
    return sum((each) => each.diskUsedBytes);
  }

  async #enforceLimits(): Promise<void> {
    const { disk, paths } = this.#options.tools;
    if (!this.#options.config.file.localStorageCapacityIsolation) return;
    const limited = this.#candidates().filter(({ pod, isEvicted }) => hasStorageLimits(pod) && !isEvicted);
    if (limited.length === 0) return;
    const stats = await this.#statsByPod();
    for (const worker of limited) {
      const excess = await storageExcess(worker.pod, stats.get(worker.uid) ?? new Map(), disk, paths);
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
