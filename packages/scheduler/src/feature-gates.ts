/** The gates of v1.36 for its scheduler: those by which something is decided here, those that are locked, and all others, which are taken. */
import { defineGates, type FeatureGates, type GateSpec } from "@kubets/machinery/feature-gates";
import { kubernetesGates } from "@kubets/machinery/kubernetes-gates";

const STABLE: GateSpec = { default: true, stage: "ga" };
const LOCKED: GateSpec = { ...STABLE, lockToDefault: true };
const ON: GateSpec = { default: true, stage: "beta" };
const ALPHA: GateSpec = { default: false, stage: "alpha" };

/** By which something is decided here. */
const READ = {
  DRAConsumableCapacity: ON,
  DRADeviceBindingConditions: ON,
  DRADeviceTaintRules: { default: false, stage: "beta" },
  DRADeviceTaints: ON,
  DRAExtendedResource: ON,
  DRAListTypeAttributes: ALPHA,
  DRANodeAllocatableResources: ALPHA,
  DRAPartitionableDevices: ON,
  DRAPrioritizedList: STABLE,
  DRAResourceClaimDeviceStatus: ON,
  DRASchedulerFilterTimeout: ON,
  DRAWorkloadResourceClaims: ALPHA,
  GangScheduling: ALPHA,
  GenericWorkload: ALPHA,
  MatchLabelKeysInPodTopologySpread: ON,
  NodeDeclaredFeatures: ON,
  NominatedNodeNameForExpectation: ON,
  OpportunisticBatching: ON,
  SchedulerAsyncPreemption: ON,
  SchedulerPopFromBackoffQ: ON,
  StorageCapacityScoring: ALPHA,
  TopologyAwareWorkloadScheduling: ALPHA,
  VolumeLimitScaling: ALPHA,
  WorkloadAwarePreemption: ALPHA,
} satisfies Record<string, GateSpec>;

const NO_CHOICE = {
  DRAAdminAccess: LOCKED,
  DynamicResourceAllocation: LOCKED,
  InPlacePodVerticalScaling: LOCKED,
  NodeInclusionPolicyInPodTopologySpread: LOCKED,
  SchedulerQueueingHints: LOCKED,
  SidecarContainers: LOCKED,
  VolumeAttributesClass: LOCKED,
} satisfies Record<string, GateSpec>;

export type SchedulerGates = Pick<FeatureGates<keyof typeof READ>, "enabled">;

/** Throws a FeatureGateError where a name or a value cannot be. */
export function schedulerGates(values: Readonly<Record<string, boolean>> = {}) {
  const gates = defineGates({ ...kubernetesGates, ...NO_CHOICE, ...READ });
  gates.setAll(values);
  return gates;
}
