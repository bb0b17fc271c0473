/** What of a node does not change while its kubelet runs: what its configuration and its machine say of containers. Pure. */
import { join } from "node:path";
import { isOpen } from "@kubets/machinery/given-gates";
import { keepsMemory } from "../cgroups/layout.ts";
import { cpuPeriodOf, type KubeletConfig } from "../config.ts";
import { parseResolvConf } from "../container-config/dns.ts";
import { crashLoopLimits } from "../pod-workers/restart-backoff.ts";
import type { NodeView } from "../pod-workers/tools.ts";
import type { MachineFacts } from "./machine.ts";

interface Given {
  readonly config: KubeletConfig;
  readonly machine: MachineFacts;
  readonly allocatableBytes: number;
  readonly cgroupV2: boolean;
  /** The kubelet's own folder. */
  readonly root: string;
  readonly resolvConf: string | undefined;
}

type FixedFacts = Pick<
  NodeView,
  | "facts"
  | "crashLoop"
  | "security"
  | "dns"
  | "tellsVolumeImages"
  | "tellsStopSignals"
  | "imagesByHandler"
  | "splitsDisks"
>;

export function fixedFacts(given: Given): FixedFacts {
  const { config, machine, allocatableBytes, cgroupV2, root, resolvConf = "" } = given;
  const { clusterDns, clusterDomain, seccompDefault, file } = config;
  const { memoryBytes, swapBytes } = machine;
  return {
    facts: {
      memoryBytes,
      cgroupV2,
      cpuPeriodUs: cpuPeriodOf(file),
      singleProcessOomKill: file.singleProcessOOMKill ?? !cgroupV2,
      throttling: isOpen("MemoryQoS", file.featureGates)
        ? { factor: file.memoryThrottlingFactor, allocatableBytes }
        : undefined,
      keepsMemory: cgroupV2 && keepsMemory(config) === true,
      swap: swapBytes ? { bytes: swapBytes, limited: file.memorySwap.swapBehavior === "LimitedSwap" } : undefined,
    },
    crashLoop: crashLoopLimits(
      isOpen("KubeletCrashLoopBackOffMax", file.featureGates)
        ? file.crashLoopBackOff.maxContainerRestartPeriod
        : undefined,
      isOpen("ReduceDefaultCrashLoopBackOffDecay", file.featureGates),
    ),
    tellsVolumeImages: isOpen("ImageVolumeWithDigest", file.featureGates),
    tellsStopSignals: isOpen("ContainerStopSignals", file.featureGates),
    imagesByHandler: isOpen("RuntimeClassInImageCriApi", file.featureGates),
    splitsDisks: isOpen("KubeletSeparateDiskGC", file.featureGates),
    security: { seccompFolder: join(root, "seccomp"), seccompDefault },
    dns: { clusterDns, clusterDomain, node: parseResolvConf(resolvConf) },
  };
}
