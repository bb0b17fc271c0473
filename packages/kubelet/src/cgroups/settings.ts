/** What is set on a cgroup, and how the kernel and systemd call it, in version 1 and 2. Pure. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { workingContainers } from "@kubets/api/pod/containers";
import { podLimits, podRequests } from "@kubets/api/pod/resources";
import { cpuQuota, cpuShares } from "../container-config/resources.ts";
import { type KeptMemory, keptFor, NOTHING_KEPT } from "./kept-memory.ts";

export interface CgroupSettings {
  /** What is absent stays as it is. */
  readonly cpuShares?: number;
  /** What is absent has no limit. */
  readonly cpu?: { readonly quotaUs: number; readonly periodUs: number };
  readonly memoryBytes?: number;
  readonly pids?: number;
  /** Memory that the kernel does not take back, at all or as long as there is other (version 2); what is absent stays as it is. */
  readonly kept?: KeptMemory;
}

export type CgroupVersion = 1 | 2;

export interface PodLimits {
  /** How many processes a pod may have; -1 for any number. */
  readonly pidsLimit?: number | undefined;
  /** What CPU quotas are a part of; undefined where CPU limits are not enforced. */
  readonly cpuPeriodUs?: number | undefined;
  /** Whether what pods asked for is kept for them by their class; undefined where the kernel is told nothing of it. */
  readonly keepsMemory?: boolean | undefined;
}

const USUAL_PERIOD_US = 100_000;

/** A limit holds for the pod only where every container has one, or the pod itself. */
export function podSettings(pod: Pod, { pidsLimit = -1, cpuPeriodUs, keepsMemory }: PodLimits): CgroupSettings {
  const requests = podRequests(pod);
  const limits = podLimits(pod);
  const limited = (name: string) =>
    pod.spec.resources?.limits?.[name] !== undefined ||
    workingContainers(pod.spec).every(({ resources }) => resources?.limits?.[name] !== undefined);
  const cpu = limits.get("cpu");
  const memory = limits.get("memory");
  return {
    cpuShares: cpuShares(requests.get("cpu")?.milliValue() ?? 0),
    ...(cpu &&
      cpuPeriodUs &&
      limited("cpu") && { cpu: { quotaUs: cpuQuota(cpu.milliValue(), cpuPeriodUs), periodUs: cpuPeriodUs } }),
    ...(memory && limited("memory") && { memoryBytes: memory.value() }),
    ...(pidsLimit > 0 && { pids: pidsLimit }),
    ...(keepsMemory !== undefined && {
      kept: keepsMemory ? keptFor(pod, requests.get("memory")?.value() ?? 0) : NOTHING_KEPT,
    }),
  };
}

/** Files of a cgroup and what is written into them, the controller first. */
export function filesOf({ cpuShares: shares, cpu, memoryBytes, pids, kept }: CgroupSettings, version: CgroupVersion) {
  const limit = (value: number | undefined, none: string) => (value ? String(value) : none);
  const period = String(cpu?.periodUs ?? USUAL_PERIOD_US);
  const files: readonly (readonly [string, string])[] =
    version === 2
      ? [
          ...(shares === undefined ? [] : [["cpu.weight", String(cpuWeight(shares))] as const]),
          ["cpu.max", `${limit(cpu?.quotaUs, "max")} ${period}`],
          ["memory.max", limit(memoryBytes, "max")],
          ["pids.max", limit(pids, "max")],
          ...(kept
            ? ([
                ["memory.min", String(kept.minBytes)],
                ["memory.low", String(kept.lowBytes)],
              ] as const)
            : []),
        ]
      : [
          ...(shares === undefined ? [] : [["cpu.shares", String(shares)] as const]),
          ["cpu.cfs_period_us", period],
          ["cpu.cfs_quota_us", limit(cpu?.quotaUs, "-1")],
          ["memory.limit_in_bytes", limit(memoryBytes, "-1")],
          ["pids.max", limit(pids, "max")],
        ];
  return files;
}

/** systemd's word for no limit. */
const INFINITY = "18446744073709551615";

/** Properties of a slice: name, type and value, as `busctl` takes them. */
export function propertiesOf(
  { cpuShares: shares, cpu, memoryBytes, pids, kept }: CgroupSettings,
  version: CgroupVersion,
): readonly (readonly [name: string, type: string, value: string])[] {
  const limit = (value: number | undefined) => (value ? String(value) : INFINITY);
  const weight = (value: number) =>
    version === 2
      ? (["CPUWeight", "t", String(cpuWeight(value))] as const)
      : (["CPUShares", "t", String(value)] as const);
  return [
    ...(shares === undefined ? [] : [weight(shares)]),
    ["CPUQuotaPerSecUSec", "t", limit(cpu && (cpu.quotaUs * 1_000_000) / cpu.periodUs)],
    ["CPUQuotaPeriodUSec", "t", limit(cpu?.periodUs)],
    [version === 2 ? "MemoryMax" : "MemoryLimit", "t", limit(memoryBytes)],
    ["TasksMax", "t", limit(pids)],
    ...(version === 2 && kept
      ? ([
          ["MemoryMin", "t", String(kept.minBytes)],
          ["MemoryLow", "t", String(kept.lowBytes)],
        ] as const)
      : []),
  ];
}

/** Shares of 2 to 262144 on the weights of 1 to 10000. */
const cpuWeight = (shares: number): number => Math.floor(1 + ((shares - 2) * 9999) / 262_142);
