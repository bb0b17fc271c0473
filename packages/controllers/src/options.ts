/** What controllers can be told, by the names of kube-controller-manager's flags; filled once, at the top, and then trusted. */
import type { KeyObject } from "node:crypto";

export interface ControllerOptions {
  /** The PEM of the authority that pods check the API server by; without it none is published. */
  readonly rootCa?: string;
  readonly maxEndpointsPerSlice: number;
  readonly mirroringMaxEndpointsPerSubset: number;
  /** How many objects each controller works on at once, by its name as in --controllers; where it is silent, the controller decides. */
  readonly workers: Readonly<Record<string, number>>;
  /** The gates that were opened or closed by name. */
  readonly featureGates: Readonly<Record<string, boolean>>;
  readonly enableGarbageCollector: boolean;
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
  /** Ranges of services that lie within them, which no node gets. */
  readonly serviceCidrs: readonly string[];
  readonly nodeCidrMaskSizeV4: number;
  readonly nodeCidrMaskSizeV6: number;
  readonly signer?: Signer;
  /** Those that have authorities of their own: by signer name. */
  readonly signers: Readonly<Record<string, Signer>>;
  readonly signingDurationMs: number;
  /** Signs tokens of Secrets of type kubernetes.io/service-account-token. */
  readonly serviceAccountKey?: KeyObject;
  readonly legacyTokenCleanUpPeriodMs: number;
  readonly hpaSyncPeriodMs: number;
  readonly hpaDownscaleStabilizationMs: number;
  readonly hpaTolerance: number;
  readonly hpaCpuInitializationPeriodMs: number;
  readonly hpaInitialReadinessDelayMs: number;
  readonly resourceQuotaSyncPeriodMs: number;
  readonly pvClaimBinderSyncPeriodMs: number;
  readonly dynamicProvisioning: boolean;
  /** Whether volumes are taken from a node that has been unwell for long, though it has not given them up. */
  readonly forceDetach: boolean;
  /** For so long changes of pods are gathered before endpoints follow; 0 follows at once. */
  readonly endpointBatchMs: number;
  readonly endpointSliceBatchMs: number;
  readonly mirroringBatchMs: number;
}

/** A certificate authority's certificate (PEM) and key. */
export interface Signer {
  readonly certificate: string;
  readonly key: KeyObject;
}

export const defaultOptions: ControllerOptions = {
  maxEndpointsPerSlice: 100,
  mirroringMaxEndpointsPerSubset: 1000,
  workers: {},
  featureGates: {},
  enableGarbageCollector: true,
  nodeMonitorPeriodMs: 5000,
  nodeMonitorGracePeriodMs: 50_000,
  nodeStartupGracePeriodMs: 60_000,
  nodeEvictionRate: 0.1,
  secondaryNodeEvictionRate: 0.01,
  unhealthyZoneThreshold: 0.55,
  largeClusterSizeThreshold: 50,
  terminatedPodGcThreshold: 12_500,
  clusterCidrs: [],
  serviceCidrs: [],
  nodeCidrMaskSizeV4: 24,
  nodeCidrMaskSizeV6: 64,
  signers: {},
  legacyTokenCleanUpPeriodMs: 365 * 24 * 3_600_000,
  signingDurationMs: 365 * 24 * 3_600_000,
  hpaSyncPeriodMs: 15_000,
  hpaDownscaleStabilizationMs: 300_000,
  hpaTolerance: 0.1,
  hpaCpuInitializationPeriodMs: 300_000,
  hpaInitialReadinessDelayMs: 30_000,
  resourceQuotaSyncPeriodMs: 300_000,
  pvClaimBinderSyncPeriodMs: 15_000,
  dynamicProvisioning: true,
  forceDetach: true,
  endpointBatchMs: 0,
  endpointSliceBatchMs: 0,
  mirroringBatchMs: 0,
};
