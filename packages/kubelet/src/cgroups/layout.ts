/** Where the cgroups of pods are, and what is set on them. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { workingContainers } from "@kubets/api/pod/containers";
import { computeQosClass } from "@kubets/api/pod/qos";
import { podLimits, podRequests } from "@kubets/api/pod/resources";
import { isFinished } from "@kubets/api/pod/state";
import { cpuQuota, cpuShares } from "../container-config/resources.ts";

export type CgroupDriver = "cgroupfs" | "systemd";

const PODS = "kubepods";

/** All pods of the node, or those of a class. */
export const tierCgroup = (root: string, ...tier: readonly string[]): string =>
  [root.replace(/\/$/, ""), PODS, ...tier].join("/").replace(/^(?!\/)/, "/");

/** `/kubepods/burstable/pod<uid>` below the root of the node; for systemd a slice's name. */
export function podCgroup(pod: Pod, root: string, driver: CgroupDriver): string {
  const qos = computeQosClass(pod.spec);
  const tier = qos === "Guaranteed" ? [] : [qos.toLowerCase()];
  const uid = pod.metadata.uid;
  if (driver === "systemd") {
    const prefix = root.split("/").filter(Boolean);
    return `${[...prefix, PODS, ...tier, `pod${uid.replaceAll("-", "_")}`].join("-")}.slice`;
  }
  return tierCgroup(root, ...tier, `pod${uid}`);
}

export interface PodCgroupSettings {
  readonly cpuShares: number;
  readonly cpu?: { readonly quotaUs: number; readonly periodUs: number };
  readonly memoryBytes?: number;
  readonly pids?: number;
}

export interface PodCgroupLimits {
  readonly pidsLimit?: number | undefined;
  readonly cpuPeriodUs?: number | undefined;
}

/** A limit holds for the pod only where every container has one. */
export function podCgroupSettings(pod: Pod, { pidsLimit = -1, cpuPeriodUs }: PodCgroupLimits): PodCgroupSettings {
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
  };
}

/** What the pods of each class weigh together: those that asked for nothing as little as can be, the burstable ones what they asked for. */
export function tierShares(pods: readonly Pod[]): { readonly burstable: number; readonly besteffort: number } {
  const burstable = pods
    .filter((pod) => !isFinished(pod) && computeQosClass(pod.spec) === "Burstable")
    .reduce((sum, pod) => sum + (podRequests(pod).get("cpu")?.milliValue() ?? 0), 0);
  return { burstable: cpuShares(burstable), besteffort: cpuShares(0) };
}
