/** The CRI's messages as the seam's plain shapes: times in milliseconds, states by name, counts as numbers. */
import {
  type Container,
  ContainerState,
  type ContainerStatus,
  type ContainerStats as CriContainerStats,
  type FilesystemUsage,
  type Image,
  type PodSandbox,
  PodSandboxState,
  type PodSandboxStatus,
  type UInt64Value,
} from "@kubets/wire/generated/cri";
import type {
  ContainerPhase,
  ContainerStats,
  FilesystemStats,
  RuntimeContainer,
  RuntimeContainerStatus,
  RuntimeImage,
  Sandbox,
} from "../runtime.ts";

const millis = (nanos: number | bigint): number =>
  typeof nanos === "bigint" ? Number(nanos / 1_000_000n) : Math.floor(nanos / 1e6);

export const sandboxOf = (from: PodSandbox | PodSandboxStatus): Sandbox => ({
  id: from.id,
  ready: from.state === PodSandboxState.SANDBOX_READY,
  createdAt: millis(from.createdAt),
  attempt: from.metadata?.attempt ?? 0,
  name: from.metadata?.name ?? "",
  namespace: from.metadata?.namespace ?? "",
  uid: from.metadata?.uid ?? "",
  labels: from.labels,
  annotations: from.annotations,
  handler: from.runtimeHandler,
});

const PHASES: Record<number, ContainerPhase> = {
  [ContainerState.CONTAINER_CREATED]: "created",
  [ContainerState.CONTAINER_RUNNING]: "running",
  [ContainerState.CONTAINER_EXITED]: "exited",
};

export const containerOf = (from: Container): RuntimeContainer => ({
  id: from.id,
  sandboxId: from.podSandboxId,
  phase: PHASES[from.state] ?? "unknown",
  createdAt: millis(from.createdAt),
  labels: from.labels,
  annotations: from.annotations,
});

export function containerStatusOf(from: ContainerStatus): RuntimeContainerStatus {
  const { linux } = from.user ?? {};
  return {
    id: from.id,
    phase: PHASES[from.state] ?? "unknown",
    createdAt: millis(from.createdAt),
    startedAt: millis(from.startedAt),
    finishedAt: millis(from.finishedAt),
    exitCode: from.exitCode,
    reason: from.reason,
    message: from.message,
    image: from.image?.userSpecifiedImage || from.image?.image || "",
    imageRef: from.imageRef,
    imageId: from.imageId || from.imageRef,
    ...(from.image?.runtimeHandler && { imageHandler: from.image.runtimeHandler }),
    labels: from.labels,
    annotations: from.annotations,
    logPath: from.logPath,
    stopSignal: from.stopSignal,
    mounts: Object.fromEntries(from.mounts.map(({ containerPath, hostPath }) => [containerPath, hostPath])),
    ...(linux && {
      user: {
        uid: Number(linux.uid),
        gid: Number(linux.gid),
        supplementalGroups: linux.supplementalGroups.map(Number),
      },
    }),
  };
}

export const imageOf = (from: Image): RuntimeImage => ({
  id: from.id,
  tags: from.repoTags,
  digests: from.repoDigests,
  size: Number(from.size),
  pinned: from.pinned,
  ...(from.spec?.runtimeHandler && { handler: from.spec.runtimeHandler }),
  ...(from.uid && { uid: Number(from.uid.value) }),
  ...(from.username && { username: from.username }),
});

export const filesystemOf = (from: FilesystemUsage): FilesystemStats => ({
  mountpoint: from.fsId?.mountpoint ?? "",
  usedBytes: value(from.usedBytes) ?? 0,
  inodesUsed: value(from.inodesUsed) ?? 0,
});

const value = (from: UInt64Value | undefined): number | undefined => (from ? Number(from.value) : undefined);

export const statsOf = ({ attributes, cpu, memory, writableLayer }: CriContainerStats): ContainerStats => ({
  id: attributes?.id ?? "",
  labels: attributes?.labels ?? {},
  timestamp: millis(cpu?.timestamp ?? memory?.timestamp ?? 0),
  cpuNanos: value(cpu?.usageCoreNanoSeconds),
  memoryWorkingSetBytes: value(memory?.workingSetBytes),
  memoryUsageBytes: value(memory?.usageBytes),
  memoryRssBytes: value(memory?.rssBytes),
  pageFaults: value(memory?.pageFaults),
  majorPageFaults: value(memory?.majorPageFaults),
  diskUsedBytes: value(writableLayer?.usedBytes),
  diskInodesUsed: value(writableLayer?.inodesUsed),
});
