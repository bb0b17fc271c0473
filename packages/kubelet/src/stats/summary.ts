/** /stats/summary: a reading in the shape that the original gives. Pure. */
import { type DiskSpace, sumOfUsage } from "../disk/disk.ts";
import { localPlugin } from "../disk/pod-disk.ts";
import type { CgroupDetails } from "./cgroup-details.ts";
import type { Usage } from "./cgroup-usage.ts";
import type { InterfaceUsage } from "./network-usage.ts";
import type { ContainerReading, NodeReading, PodReading } from "./node-stats.ts";
import type { VolumeReading } from "./volume-usage.ts";

interface SummaryFacts {
  readonly nodeName: string;
  readonly startedAt: number;
  readonly memoryBytes: number;
}

const timeOf = (at: number): string => new Date(at).toISOString().replace(/\.\d{3}Z$/, "Z");

export function summaryOf(
  reading: NodeReading,
  { nodeName, startedAt, memoryBytes }: SummaryFacts,
  onlyCpuAndMemory = false,
): object {
  const { at, usage, details, nanoCores, interfaces, disk, images, imageBytes, containers, containerBytes } = reading;
  const available = memoryBytes - (usage.memoryWorkingSetBytes ?? 0);
  const whole = {
    ...ioOf(at, details),
    network: networkOf(at, interfaces),
    fs: diskOf(at, disk),
    runtime: {
      imageFs: { ...diskOf(at, images), ...(imageBytes !== undefined && { usedBytes: imageBytes }) },
      containerFs: { ...diskOf(at, containers), ...(containerBytes !== undefined && { usedBytes: containerBytes }) },
    },
    ...(usage.processes !== undefined && { rlimit: { time: timeOf(at), curproc: usage.processes } }),
  };
  return {
    node: {
      nodeName,
      startTime: timeOf(startedAt),
      cpu: cpuOf(usage, nanoCores, details),
      memory: { ...memoryOf(usage, details), availableBytes: available },
      ...swapOf(at, details),
      ...(!onlyCpuAndMemory && whole),
    },
    pods: reading.pods.map((pod) => podOf(pod, { disk, containers }, onlyCpuAndMemory)),
  };
}

/** Where the kubelet keeps what is the pods', and where the runtime keeps what containers write. */
interface Spaces {
  readonly disk: DiskSpace | undefined;
  readonly containers: DiskSpace | undefined;
}

function podOf(
  { pod, usage, details, nanoCores, containers, interfaces, volumes, startedAt }: PodReading,
  spaces: Spaces,
  short: boolean,
): object {
  const { name, namespace, uid } = pod.metadata;
  const taken = sumOfUsage([
    ...containers.flatMap(({ stats, logs }) => [
      { bytes: stats.diskUsedBytes ?? 0, inodes: stats.diskInodesUsed ?? 0 },
      logs,
    ]),
    ...volumes
      .filter(({ name }) => pod.spec.volumes?.some((volume) => volume.name === name && localPlugin(volume)))
      .map(({ usedBytes, inodesUsed = 0 }) => ({ bytes: usedBytes, inodes: inodesUsed })),
  ]);
  return {
    podRef: { name, namespace, uid },
    startTime: timeOf(startedAt),
    containers: containers.map((each) => containerOf(each, spaces, short)),
    cpu: cpuOf(usage, nanoCores, details),
    memory: memoryOf(usage, details),
    ...swapOf(usage.timestamp, details),
    ...(!short && {
      ...ioOf(usage.timestamp, details),
      ...(interfaces.length > 0 && { network: networkOf(usage.timestamp, interfaces) }),
      ...(volumes.length > 0 && { volume: volumes.map(volumeOf) }),
      "ephemeral-storage": {
        ...diskOf(usage.timestamp, spaces.disk),
        usedBytes: taken.bytes,
        inodesUsed: taken.inodes,
      },
      ...(usage.processes !== undefined && { process_stats: { process_count: usage.processes } }),
    }),
  };
}

function containerOf(
  { record, stats, details, logs, nanoCores }: ContainerReading,
  { disk, containers }: Spaces,
  short: boolean,
): object {
  return {
    name: record.name,
    startTime: timeOf(record.startedAt),
    cpu: cpuOf(stats, nanoCores, details),
    memory: memoryOf(stats, details),
    ...swapOf(stats.timestamp, details),
    ...(!short && {
      ...ioOf(stats.timestamp, details),
      rootfs: {
        ...diskOf(stats.timestamp, containers),
        usedBytes: stats.diskUsedBytes,
        inodesUsed: stats.diskInodesUsed,
      },
      logs: { ...diskOf(stats.timestamp, disk), usedBytes: logs.bytes, inodesUsed: logs.inodes },
    }),
  };
}

const volumeOf = ({ at, claim, abnormal, ...volume }: VolumeReading) => ({
  time: timeOf(at),
  ...volume,
  ...(claim && { pvcRef: claim }),
  ...(abnormal !== undefined && { volumeHealthStats: { abnormal } }),
});

const cpuOf = ({ timestamp, cpuNanos }: Usage, nanoCores: number | undefined, { cpu }: CgroupDetails) => ({
  time: timeOf(timestamp),
  usageNanoCores: nanoCores,
  usageCoreNanoSeconds: cpuNanos,
  psi: cpu,
});

const memoryOf = (usage: Usage, { memory }: CgroupDetails) => ({
  time: timeOf(usage.timestamp),
  ...(usage.memoryLimitBytes !== undefined && {
    availableBytes: Math.max(0, usage.memoryLimitBytes - (usage.memoryWorkingSetBytes ?? 0)),
  }),
  usageBytes: usage.memoryUsageBytes,
  workingSetBytes: usage.memoryWorkingSetBytes,
  rssBytes: usage.memoryRssBytes,
  pageFaults: usage.pageFaults,
  majorPageFaults: usage.majorPageFaults,
  psi: memory,
});

const ioOf = (at: number, { io }: CgroupDetails) => io && { io: { time: timeOf(at), psi: io } };

const swapOf = (at: number, { swapBytes: used, swapLimitBytes: limit }: CgroupDetails) =>
  used !== undefined && {
    swap: {
      time: timeOf(at),
      ...(limit !== undefined && { swapAvailableBytes: Math.max(0, limit - used) }),
      swapUsageBytes: used,
    },
  };

/** The first interface stands for the whole, as in the original. */
const networkOf = (at: number, interfaces: readonly InterfaceUsage[]) => ({
  time: timeOf(at),
  ...(interfaces.find(({ name }) => name === "eth0") ?? interfaces[0]),
  interfaces,
});

const diskOf = (at: number, space: DiskSpace | undefined) => ({
  time: timeOf(at),
  ...(space && {
    availableBytes: space.freeBytes,
    capacityBytes: space.totalBytes,
    usedBytes: space.totalBytes - space.freeBytes,
    inodesFree: space.inodesFree,
    inodes: space.inodes,
    inodesUsed: space.inodes - space.inodesFree,
  }),
});
