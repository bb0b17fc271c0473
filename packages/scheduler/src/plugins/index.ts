/** All plugins by name. The only file that names every one; which of them run, and where, says config/default-plugins.ts. */
import type { Registry } from "../framework/handle.ts";
import { defaultBinder } from "./default-binder/plugin.ts";
import { defaultPreemption } from "./default-preemption/plugin.ts";
import { dynamicResources } from "./dynamic-resources/plugin.ts";
import { gangScheduling } from "./gang-scheduling/plugin.ts";
import { imageLocality } from "./image-locality/plugin.ts";
import { interPodAffinity } from "./inter-pod-affinity/plugin.ts";
import { nodeAffinity } from "./node-affinity/plugin.ts";
import { nodeDeclaredFeatures } from "./node-declared-features/plugin.ts";
import { nodeName } from "./node-name/plugin.ts";
import { nodePorts } from "./node-ports/plugin.ts";
import { nodeResourcesBalancedAllocation } from "./node-resources-balanced-allocation/plugin.ts";
import { nodeResourcesFit } from "./node-resources-fit/plugin.ts";
import { nodeUnschedulable } from "./node-unschedulable/plugin.ts";
import { nodeVolumeLimits } from "./node-volume-limits/plugin.ts";
import { podGroupPodsCount } from "./pod-group-pods-count/plugin.ts";
import { podTopologySpread } from "./pod-topology-spread/plugin.ts";
import { prioritySort } from "./priority-sort/plugin.ts";
import { schedulingGates } from "./scheduling-gates/plugin.ts";
import { taintToleration } from "./taint-toleration/plugin.ts";
import { topologyPlacementGenerator } from "./topology-placement-generator/plugin.ts";
import { volumeBinding } from "./volume-binding/plugin.ts";
import { volumeRestrictions } from "./volume-restrictions/plugin.ts";
import { volumeZone } from "./volume-zone/plugin.ts";

export const plugins: Registry = {
  DefaultBinder: defaultBinder,
  DefaultPreemption: defaultPreemption,
  DynamicResources: dynamicResources,
  GangScheduling: gangScheduling,
  ImageLocality: () => imageLocality,
  InterPodAffinity: interPodAffinity,
  NodeAffinity: nodeAffinity,
  NodeDeclaredFeatures: () => nodeDeclaredFeatures,
  NodeName: () => nodeName,
  NodePorts: () => nodePorts,
  NodeResourcesBalancedAllocation: nodeResourcesBalancedAllocation,
  NodeResourcesFit: nodeResourcesFit,
  NodeUnschedulable: () => nodeUnschedulable,
  NodeVolumeLimits: nodeVolumeLimits,
  VolumeBinding: volumeBinding,
  VolumeRestrictions: volumeRestrictions,
  VolumeZone: volumeZone,
  PodGroupPodsCount: podGroupPodsCount,
  PodTopologySpread: podTopologySpread,
  PrioritySort: () => prioritySort,
  SchedulingGates: () => schedulingGates,
  TaintToleration: () => taintToleration,
  TopologyPlacementGenerator: topologyPlacementGenerator,
};
