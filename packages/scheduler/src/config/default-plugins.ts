/** The plugins of a profile that says nothing of plugins, in order, with their weights: those of kube-scheduler v1.36. */
import type { SchedulerGates } from "../feature-gates.ts";

export interface EnabledPlugin {
  readonly name: string;
  readonly weight?: number;
}

const ALWAYS: readonly EnabledPlugin[] = [
  { name: "SchedulingGates" },
  { name: "PrioritySort" },
  { name: "NodeUnschedulable" },
  { name: "NodeName" },
  { name: "TaintToleration", weight: 3 },
  { name: "NodeAffinity", weight: 2 },
  { name: "NodePorts" },
  { name: "NodeResourcesFit", weight: 1 },
  { name: "VolumeRestrictions" },
  { name: "NodeVolumeLimits" },
  { name: "VolumeBinding" },
  { name: "VolumeZone" },
  { name: "PodTopologySpread", weight: 2 },
  { name: "InterPodAffinity", weight: 2 },
  { name: "DynamicResources", weight: 2 },
  { name: "DefaultPreemption" },
  { name: "NodeResourcesBalancedAllocation", weight: 1 },
  { name: "ImageLocality", weight: 1 },
  { name: "DefaultBinder" },
];

export const defaultPlugins = (gates: SchedulerGates): readonly EnabledPlugin[] => [
  ...ALWAYS,
  ...(gates.enabled("NodeDeclaredFeatures") ? [{ name: "NodeDeclaredFeatures" }] : []),
  ...(gates.enabled("GenericWorkload") && gates.enabled("GangScheduling") ? [{ name: "GangScheduling" }] : []),
  ...(gates.enabled("GenericWorkload") && gates.enabled("TopologyAwareWorkloadScheduling")
    ? [{ name: "TopologyPlacementGenerator" }, { name: "PodGroupPodsCount", weight: 1 }]
    : []),
];
