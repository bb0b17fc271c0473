/** The priorities of pods, and the two classes that the system keeps for itself. */
import type { Pod } from "../generated/types/core-v1.ts";

const SYSTEM_CLUSTER_CRITICAL = 2_000_000_000;
const SYSTEM_NODE_CRITICAL = SYSTEM_CLUSTER_CRITICAL + 1000;

export const systemPriorityClasses: Readonly<Record<string, number>> = {
  "system-cluster-critical": SYSTEM_CLUSTER_CRITICAL,
  "system-node-critical": SYSTEM_NODE_CRITICAL,
};

export const podPriority = ({ spec }: Pick<Pod, "spec">): number => spec.priority ?? 0;

/** Pods that must run for the cluster to work; the kubelet makes room for them. */
export const isCritical = ({ spec }: Pick<Pod, "spec">): boolean => podPriority({ spec }) >= SYSTEM_CLUSTER_CRITICAL;

export const mayPreempt = ({ spec }: Pick<Pod, "spec">): boolean => spec.preemptionPolicy !== "Never";
