/** Where the cgroups of pods are, and what is set on them. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { workingContainers } from "@kubets/api/pod/containers";
import { computeQosClass } from "@kubets/api/pod/qos";
import { podLimits, podRequests } from "@kubets/api/pod/resources";
import { cpuQuota, cpuShares } from "../container-config/resources.ts";

export type CgroupDriver = "cgroupfs" | "systemd";

/** `/kubepods/burstable/pod<uid>` below the root of the node; for systemd a slice's name. */
export function podCgroup(pod: Pod, root: string, driver: CgroupDriver): string {
  const qos = computeQosClass(pod.spec);
  const tier = qos === "Guaranteed" ? [] : [qos.toLowerCase()];
  const uid = pod.metadata.uid;
  if (driver === "systemd") {
    const prefix = root.split("/").filter(Boolean);
    return `${[...prefix, "kubepods", ...tier, `pod${uid.replaceAll("-", "_")}`].join("-")}.slice`;
  }
  return [root.replace(/\/$/, ""), "kubepods", ...tier, `pod${uid}`].join("/").replace(/^(?!\/)/, "/");
}

export interface PodCgroupSettings {
  readonly cpuShares: number;
  /** Of a period of 100 ms. */
  readonly cpuQuotaUs?: number;
  readonly memoryBytes?: number;
  readonly pids?: number;
}

/** A limit holds for the pod only where every container has one. */
export function podCgroupSettings(pod: Pod, pidsLimit = -1): PodCgroupSettings {
  const requests = podRequests(pod);
  const limits = podLimits(pod);
  const limited = (name: string) =>
    pod.spec.resources?.limits?.[name] !== undefined ||
    workingContainers(pod.spec).every(({ resources }) => resources?.limits?.[name] !== undefined);
  const cpu = limits.get("cpu");
  const memory = limits.get("memory");
  return {
    cpuShares: cpuShares(requests.get("cpu")?.milliValue() ?? 0),
    ...(cpu && limited("cpu") && { cpuQuotaUs: cpuQuota(cpu.milliValue()) }),
    ...(memory && limited("memory") && { memoryBytes: memory.value() }),
    ...(pidsLimit > 0 && { pids: pidsLimit }),
  };
}
