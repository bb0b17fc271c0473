/** What controllers can be told, by the names of kube-controller-manager's flags; filled once, at the top, and then trusted. */
import type { KeyObject } from "node:crypto";

export interface ControllerOptions {
  /** The PEM of the authority that pods check the API server by; without it none is published. */
  readonly rootCa?: string;
  readonly maxEndpointsPerSlice: number;
  readonly mirroringMaxEndpointsPerSubset: number;
  readonly concurrentGcSyncs: number;
  readonly nodeMonitorPeriodMs: number;
  readonly nodeMonitorGracePeriodMs: number;
  readonly nodeStartupGracePeriodMs: number;
  /** Nodes a second. */
  readonly nodeEvictionRate: number;
  readonly secondaryNodeEvictionRate: number;
  readonly unhealthyZoneThreshold: number;
  readonly largeClusterSizeThreshold: number;
  readonly terminatedPodGcThreshold: number;
  /** Pod addresses are handed out to nodes from these; none are when it is empty. */
  readonly clusterCidrs: readonly string[];
  readonly nodeCidrMaskSizeV4: number;
  readonly nodeCidrMaskSizeV6: number;
  readonly signer?: Signer;
  readonly signingDurationMs: number;
  /** Signs tokens of Secrets of type kubernetes.io/service-account-token. */
  readonly serviceAccountKey?: KeyObject;
  readonly hpaSyncPeriodMs: number;
  readonly hpaDownscaleStabilizationMs: number;
  readonly hpaTolerance: number;
  readonly hpaCpuInitializationPeriodMs: number;
  readonly hpaInitialReadinessDelayMs: number;
  readonly resourceQuotaSyncPeriodMs: number;
  readonly pvClaimBinderSyncPeriodMs: number;
}

/** A certificate authority's certificate (PEM) and key. */
export interface Signer {
  readonly certificate: string;
  readonly key: KeyObject;
}

export const defaultOptions: ControllerOptions = {
  maxEndpointsPerSlice: 100,
  mirroringMaxEndpointsPerSubset: 1000,
  concurrentGcSyncs: 20,
  nodeMonitorPeriodMs: 5000,
  nodeMonitorGracePeriodMs: 50_000,
  nodeStartupGracePeriodMs: 60_000,
  nodeEvictionRate: 0.1,
  secondaryNodeEvictionRate: 0.01,
  unhealthyZoneThreshold: 0.55,
  largeClusterSizeThreshold: 50,
  terminatedPodGcThreshold: 12_500,
  clusterCidrs: [],
  nodeCidrMaskSizeV4: 24,
  nodeCidrMaskSizeV6: 64,
  signingDurationMs: 365 * 24 * 3_600_000,
  hpaSyncPeriodMs: 15_000,
  hpaDownscaleStabilizationMs: 300_000,
  hpaTolerance: 0.1,
  hpaCpuInitializationPeriodMs: 300_000,
  hpaInitialReadinessDelayMs: 30_000,
  resourceQuotaSyncPeriodMs: 300_000,
  pvClaimBinderSyncPeriodMs: 15_000,
};
