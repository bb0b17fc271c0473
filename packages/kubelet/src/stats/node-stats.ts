/**
 * One reading of all that the node, its pods and their containers use: from the cgroups, from the runtime, from the pods' networks and disks.
 * Every page of figures (summary, metrics) is made of such a reading.
 */
import { join } from "node:path";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { DiskSpace, DiskUsage } from "../disk/disk.ts";
import { runtimeDisks } from "../disk/runtime-disks.ts";
import { podLogFolder } from "../paths.ts";
import type { ContainerRecord } from "../pod-workers/runtime-state.ts";
import type { PodTools } from "../pod-workers/tools.ts";
import type { ContainerStats, FilesystemStats } from "../runtime/runtime.ts";
import type { CgroupDetails } from "./cgroup-details.ts";
import type { Usage } from "./cgroup-usage.ts";
import { CpuRates } from "./cpu-rate.ts";
import { type InterfaceUsage, readInterfaces } from "./network-usage.ts";
import type { VolumeReading, VolumeUsages } from "./volume-usage.ts";

export interface ContainerReading {
  readonly record: ContainerRecord;
  readonly stats: ContainerStats;
  readonly details: CgroupDetails;
  readonly logs: DiskUsage;
  readonly nanoCores: number | undefined;
}

export interface PodReading {
  readonly pod: Pod;
  readonly usage: Usage;
  readonly details: CgroupDetails;
  readonly nanoCores: number | undefined;
  readonly containers: readonly ContainerReading[];
  readonly interfaces: readonly InterfaceUsage[];
  readonly volumes: readonly VolumeReading[];
  readonly startedAt: number;
}

export interface NodeReading {
  readonly at: number;
  readonly usage: Usage;
  readonly details: CgroupDetails;
  readonly nanoCores: number | undefined;
  readonly pods: readonly PodReading[];
  readonly interfaces: readonly InterfaceUsage[];
  readonly disk: DiskSpace | undefined;
  readonly images: DiskSpace | undefined;
  readonly imageBytes: number | undefined;
  /** Of what containers write. */
  readonly containers: DiskSpace | undefined;
  /** Where that is on another disk than the images. */
  readonly containerBytes?: number;
}

export class NodeStats {
  readonly #tools: PodTools;
  readonly #pods: () => readonly Pod[];
  readonly #rates = new CpuRates();
  readonly #volumes: VolumeUsages;

  constructor(tools: PodTools, pods: () => readonly Pod[], volumes: VolumeUsages) {
    this.#tools = tools;
    this.#volumes = volumes;
    this.#pods = pods;
  }

  /** With what version 2 of cgroups counts besides: several files more for each container. */
  async read(detailed = true): Promise<NodeReading> {
    const { runtime, cgroups, disk, paths, clock, node } = this.#tools;
    const [usage, details, stats, interfaces, space, { layout, images, containers }] = await Promise.all([
      cgroups.nodeUsage(clock.now()),
      detailed ? cgroups.nodeDetails() : {},
      runtime.containerStats(),
      readInterfaces("self"),
      disk.space(paths.root).catch(() => undefined),
      runtimeDisks({ runtime, disk, root: paths.root, maySplit: node.splitsDisks }),
    ]);
    const spaceOf = async (filesystem: FilesystemStats | undefined) =>
      filesystem?.mountpoint ? await disk.space(filesystem.mountpoint).catch(() => space) : space;
    const ofImages = await spaceOf(images);
    const byId = new Map(stats.map((each) => [each.id, each]));
    const pods = await Promise.all(this.#pods().map((pod) => this.#pod(pod, byId, detailed)));
    const reading = {
      at: clock.now(),
      usage,
      details,
      nanoCores: this.#rates.rate("node", usage),
      pods: pods.filter((each) => each !== undefined),
      interfaces,
      disk: space,
      images: ofImages,
      imageBytes: images?.usedBytes,
      ...(layout === "split"
        ? { containers: await spaceOf(containers), containerBytes: containers?.usedBytes }
        : { containers: ofImages }),
    };
    const uids = reading.pods.map(({ pod }) => pod.metadata.uid);
    this.#rates.keep(new Set(["node", ...uids, ...byId.keys()]));
    this.#volumes.keep(new Set(uids));
    return reading;
  }

  /** How full the volumes of all pods are. */
  async volumes(): Promise<VolumeReading[]> {
    return (await Promise.all(this.#pods().map((pod) => this.#volumes.of(pod)))).flat();
  }

  async #pod(pod: Pod, stats: ReadonlyMap<string, ContainerStats>, detailed: boolean): Promise<PodReading | undefined> {
    const { cgroups, cache, clock, disk, paths } = this.#tools;
    const state = cache.get(pod.metadata.uid);
    const sandbox = state.sandboxes[0];
    if (!sandbox?.ready) return undefined;
    const running = state.containers.filter(({ id, phase }) => phase === "running" && stats.has(id));
    const ids = running.map(({ id }) => id);
    const details = detailed ? await cgroups.details(pod, ids) : undefined;
    const containers: ContainerReading[] = [];
    for (const record of running) {
      const found = stats.get(record.id) as ContainerStats;
      const logs = await disk.usage(join(podLogFolder(paths, pod), record.name));
      containers.push({
        record,
        stats: found,
        details: details?.containers.get(record.id) ?? {},
        logs,
        nanoCores: this.#rates.rate(record.id, found),
      });
    }
    const counted = await cgroups.usage(pod, clock.now());
    const usage = counted.cpuNanos === undefined ? { ...sumOf(containers, clock.now()), ...counted } : counted;
    const pid = pod.spec.hostNetwork ? undefined : await cgroups.somePid(pod);
    return {
      pod,
      usage,
      details: details?.pod ?? {},
      nanoCores: this.#rates.rate(pod.metadata.uid, usage),
      containers,
      interfaces: pid === undefined ? [] : await readInterfaces(pid),
      volumes: await this.#volumes.of(pod),
      startedAt: sandbox.createdAt,
    };
  }
}

/** Where there are no cgroups of pods a pod uses what its containers do. */
function sumOf(containers: readonly ContainerReading[], timestamp: number): Usage {
  const sum = (key: "cpuNanos" | "memoryUsageBytes" | "memoryWorkingSetBytes" | "memoryRssBytes") =>
    containers.reduce((all, { stats }) => all + (stats[key] ?? 0), 0);
  return {
    timestamp,
    cpuNanos: sum("cpuNanos"),
    memoryUsageBytes: sum("memoryUsageBytes"),
    memoryWorkingSetBytes: sum("memoryWorkingSetBytes"),
    memoryRssBytes: sum("memoryRssBytes"),
  };
}
