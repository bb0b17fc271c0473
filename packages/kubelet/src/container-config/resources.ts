/**
 * Requests and limits as settings of a cgroup; of version 1, which runtimes translate to version 2.
 * The numbers are the original's: 2 to 262144 shares, a period of 100 ms unless the node has another, at least 1 ms of quota.
 */
import type { Container, Pod, ResourceRequirements } from "@kubets/api/generated/types/core-v1";
import { computeQosClass } from "@kubets/api/pod/qos";
import { parseQuantity } from "@kubets/machinery/quantity";
import { keptFor } from "../cgroups/kept-memory.ts";
import type { LinuxResources } from "../runtime/runtime.ts";

const MIN_SHARES = 2;
const MAX_SHARES = 262_144;
const PERIOD_US = 100_000;
const MIN_QUOTA_US = 1000;
const PAGE_BYTES = 4096;
/** Pods with at least this priority are the system's own. */
const SYSTEM_CRITICAL = 2_000_000_000;

export const cpuShares = (milli: number): number =>
  Math.min(MAX_SHARES, Math.max(MIN_SHARES, Math.floor((milli * 1024) / 1000)));

export const cpuQuota = (milli: number, periodUs = PERIOD_US): number =>
  milli === 0 ? 0 : Math.max(MIN_QUOTA_US, Math.floor((milli * periodUs) / 1000));

export interface NodeFacts {
  readonly memoryBytes: number;
  readonly cgroupV2: boolean;
  /** What the quota of a CPU limit is a part of; undefined where limits are not enforced (`cpuCFSQuota: false`). */
  readonly cpuPeriodUs: number | undefined;
  /** With the end of memory only the process that asked for it ends, not all of its container. */
  readonly singleProcessOomKill: boolean;
  /** Where containers are slowed down before their memory ends (MemoryQoS): at which part of what they may have beyond what they asked for. */
  readonly throttling: { readonly factor: number; readonly allocatableBytes: number } | undefined;
  /** Whether memory that containers asked for is kept for them by the class of their pod (MemoryQoS). */
  readonly keepsMemory: boolean;
  /** Where the machine has any; `limited` when burstable pods may use it. */
  readonly swap: { readonly bytes: number; readonly limited: boolean } | undefined;
}

export function containerResources(pod: Pod, container: Container, node: NodeFacts): LinuxResources {
  return {
    ...limitsOf(withLimitsOf(pod, container.resources), node),
    oomScoreAdj: oomScore(pod, container, node.memoryBytes),
    ...(node.cgroupV2 && { unified: unifiedOf(pod, container, node) }),
    hugepageLimits: hugepages(container),
  };
}

const unifiedOf = (pod: Pod, container: Container, node: NodeFacts): Record<string, string> => ({
  ...(!node.singleProcessOomKill && { "memory.oom.group": "1" }),
  ...(node.throttling && memoryHigh(container.resources ?? {}, node.throttling)),
  ...(node.keepsMemory && keptOf(pod, bytesOf(container.resources?.requests?.memory))),
  ...(node.swap && { "memory.swap.max": String(swapOf(pod, container, node)) }),
});

/** A container without a limit of its own has that of its pod. */
const withLimitsOf = ({ spec }: Pod, resources: ResourceRequirements = {}): ResourceRequirements =>
  spec.resources?.limits ? { ...resources, limits: { ...spec.resources.limits, ...resources.limits } } : resources;

function limitsOf({ requests, limits }: ResourceRequirements, node: NodeFacts): LinuxResources {
  const cpuLimit = milliOf(limits?.cpu);
  const memoryLimit = bytesOf(limits?.memory);
  return {
    cpuShares: cpuShares(requests?.cpu === undefined ? cpuLimit : milliOf(requests.cpu)),
    ...(cpuLimit > 0 &&
      node.cpuPeriodUs && { cpuPeriod: node.cpuPeriodUs, cpuQuota: cpuQuota(cpuLimit, node.cpuPeriodUs) }),
    ...(memoryLimit > 0 && { memoryLimitInBytes: memoryLimit }),
  };
}

function keptOf(pod: Pod, asked: number): Record<string, string> {
  const { minBytes, lowBytes } = keptFor(pod, asked);
  return {
    ...(minBytes > 0 && { "memory.min": String(minBytes) }),
    ...(lowBytes > 0 && { "memory.low": String(lowBytes) }),
  };
}

/** In whole pages. Who gets what it asked for, and no more, is not slowed down. */
function memoryHigh(
  { requests, limits }: ResourceRequirements,
  { factor, allocatableBytes }: NonNullable<NodeFacts["throttling"]>,
): Record<string, string> {
  const [asked, limit] = [bytesOf(requests?.memory), bytesOf(limits?.memory)];
  if (asked > 0 && asked === limit) return {};
  const high = Math.floor((asked + ((limit || allocatableBytes) - asked) * factor) / PAGE_BYTES) * PAGE_BYTES;
  return high > asked ? { "memory.high": String(high) } : {};
}

/**
 * A burstable container may swap as much of the node's swap as it asked for of the node's memory, unless its memory is limited to just that; all
 * others swap nothing.
 */
function swapOf(pod: Pod, { resources }: Container, { swap, memoryBytes }: NodeFacts): number {
  const [asked, limit] = [bytesOf(resources?.requests?.memory), bytesOf(resources?.limits?.memory)];
  const may =
    swap?.limited && asked > 0 && asked !== limit && computeQosClass(pod.spec) === "Burstable" && !isCritical(pod);
  return may ? Math.floor((asked / memoryBytes) * swap.bytes) : 0;
}

const isCritical = ({ spec }: Pod): boolean => (spec.priority ?? 0) >= SYSTEM_CRITICAL;

const bytesOf = (text: string | undefined): number => (text ? parseQuantity(text).value() : 0);

const milliOf = (text: string | undefined): number => (text === undefined ? 0 : parseQuantity(text).milliValue());

/** Who goes first when memory ends: the less a container asked for, the sooner. */
export function oomScore(pod: Pod, container: Container, memoryBytes: number): number {
  if (isCritical(pod)) return -997;
  const qos = computeQosClass(pod.spec);
  if (qos === "Guaranteed") return -997;
  if (qos === "BestEffort") return 1000;
  const asked = bytesOf(container.resources?.requests?.memory);
  const score = 1000 - Math.floor((1000 * asked) / memoryBytes);
  return score < 3 ? 3 : score === 1000 ? 999 : score;
}

function hugepages(container: Container): { pageSize: string; limit: number }[] {
  const found: { pageSize: string; limit: number }[] = [];
  for (const [name, text] of Object.entries(container.resources?.limits ?? {})) {
    if (!name.startsWith("hugepages-")) continue;
    const size = parseQuantity(name.slice("hugepages-".length)).value();
    found.push({ pageSize: pageSizeText(size), limit: parseQuantity(text).value() });
  }
  return found;
}

const pageSizeText = (bytes: number): string => {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  for (; bytes >= 1024 && unit < units.length - 1; unit++) bytes /= 1024;
  return `${bytes}${units[unit]}`;
};
