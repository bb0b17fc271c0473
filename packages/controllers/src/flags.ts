/** The flags of `kubets controller-manager`, by the names that kube-controller-manager has. */
import { componentFlags } from "@kubets/client/component/component-flags";
import { bool, defineFlags, duration, type FlagValues, file, int, list, number } from "@kubets/machinery/flags";
import { defaultOptions } from "./options.ts";
import { signerFlags } from "./signer-files.ts";
import { unusedFlags } from "./unused-flags.ts";
import { workerFlags } from "./worker-flags.ts";

const GENERIC = "Generic";
const NODES = "Nodes";
const SIGNING = "Certificates and tokens";
const WORKLOADS = "Workloads";
const STORAGE = "Storage";
const AUTOSCALING = "Autoscaling";
const o = defaultOptions;

export const controllerManagerFlags = defineFlags({
  ...componentFlags(10_257, "kube-controller-manager"),
  controllers: list({
    default: ["*"],
    help: "The controllers to run: names, -NAME, and * for those that run by default.",
    group: GENERIC,
  }),
  "feature-gates": list({
    placeholder: "GATE=true|false",
    help: "Features to switch on or off; docs/feature-gates.md tells which are there.",
    group: GENERIC,
  }),
  "use-service-account-credentials": bool({
    help: "Let each controller act under a service account of its own.",
    group: GENERIC,
  }),

  "node-monitor-period": duration({
    default: o.nodeMonitorPeriodMs,
    help: "How often nodes are looked at.",
    group: NODES,
  }),
  "node-monitor-grace-period": duration({
    default: o.nodeMonitorGracePeriodMs,
    help: "How long a node may be silent.",
    group: NODES,
  }),
  "node-startup-grace-period": duration({
    default: o.nodeStartupGracePeriodMs,
    help: "How long a new node may be silent.",
    group: NODES,
  }),
  "node-eviction-rate": number({
    default: o.nodeEvictionRate,
    help: "Nodes a second that pods are driven off from in a healthy zone.",
    group: NODES,
  }),
  "secondary-node-eviction-rate": number({
    default: o.secondaryNodeEvictionRate,
    help: "The same in an unhealthy, large zone.",
    group: NODES,
  }),
  "unhealthy-zone-threshold": number({
    default: o.unhealthyZoneThreshold,
    help: "The part of a zone that must be down to make it unhealthy.",
    group: NODES,
  }),
  "large-cluster-size-threshold": int({
    default: o.largeClusterSizeThreshold,
    help: "From how many nodes on a zone is large.",
    group: NODES,
  }),
  "allocate-node-cidrs": bool({ help: "Give nodes ranges of pod addresses.", group: NODES }),
  "cluster-cidr": list({
    placeholder: "CIDR",
    help: "The pod addresses of the cluster; two, with a comma, for both families.",
    group: NODES,
  }),
  "service-cluster-ip-range": list({
    placeholder: "CIDR",
    help: "The addresses of services, which no node gets.",
    group: NODES,
  }),
  "node-cidr-mask-size": int({
    default: 0,
    help: "The size of a node's range where there is one family.",
    group: NODES,
  }),
  "node-cidr-mask-size-ipv4": int({
    default: 0,
    help: "The size of a node's IPv4 range (24 by default).",
    group: NODES,
  }),
  "node-cidr-mask-size-ipv6": int({
    default: 0,
    help: "The size of a node's IPv6 range (64 by default).",
    group: NODES,
  }),

  "root-ca-file": file({ help: "The authority that pods check the API server by.", group: SIGNING }),
  "service-account-private-key-file": file({ help: "The key that signs tokens kept in Secrets.", group: SIGNING }),
  ...signerFlags,
  "legacy-service-account-token-clean-up-period": duration({
    default: o.legacyTokenCleanUpPeriodMs,
    help: "How long tokens that the cluster kept in Secrets may lie unused.",
    group: SIGNING,
  }),
  "cluster-signing-duration": duration({
    default: o.signingDurationMs,
    help: "The longest that certificates are valid.",
    group: SIGNING,
  }),

  "enable-garbage-collector": bool({
    default: o.enableGarbageCollector,
    help: "Collect objects whose owners are gone.",
    group: WORKLOADS,
  }),
  "resource-quota-sync-period": duration({
    default: o.resourceQuotaSyncPeriodMs,
    help: "How often all use is counted anew, besides after changes.",
    group: WORKLOADS,
  }),
  "terminated-pod-gc-threshold": int({
    default: o.terminatedPodGcThreshold,
    help: "Ended pods that are kept; 0 keeps all.",
    group: WORKLOADS,
  }),
  "endpoint-updates-batch-period": duration({
    default: o.endpointBatchMs,
    help: "How long changes of pods are gathered before Endpoints are written.",
    group: WORKLOADS,
  }),
  "endpointslice-updates-batch-period": duration({
    default: o.endpointSliceBatchMs,
    help: "How long changes of pods are gathered before EndpointSlices are written.",
    group: WORKLOADS,
  }),
  "mirroring-endpointslice-updates-batch-period": duration({
    default: o.mirroringBatchMs,
    help: "How long changes of Endpoints are gathered before they are mirrored.",
    group: WORKLOADS,
  }),
  "max-endpoints-per-slice": int({
    default: o.maxEndpointsPerSlice,
    min: 1,
    max: 1000,
    help: "Endpoints in an EndpointSlice.",
    group: WORKLOADS,
  }),
  "mirroring-max-endpoints-per-subset": int({
    default: o.mirroringMaxEndpointsPerSubset,
    min: 1,
    max: 1000,
    help: "Endpoints mirrored of a subset.",
    group: WORKLOADS,
  }),

  "enable-dynamic-provisioning": bool({
    default: o.dynamicProvisioning,
    help: "Ask for volumes where a claim names a class that makes them.",
    group: STORAGE,
  }),
  "pvclaimbinder-sync-period": duration({
    default: o.pvClaimBinderSyncPeriodMs,
    help: "How often claims that nothing fits are looked at again.",
    group: STORAGE,
  }),
  "disable-force-detach-on-timeout": bool({
    help: "Leave volumes attached to nodes that do not answer.",
    group: STORAGE,
  }),

  "horizontal-pod-autoscaler-sync-period": duration({
    default: o.hpaSyncPeriodMs,
    help: "How often each autoscaler decides.",
    group: AUTOSCALING,
  }),
  "horizontal-pod-autoscaler-downscale-stabilization": duration({
    default: o.hpaDownscaleStabilizationMs,
    help: "How long the largest recommendation holds before pods are taken away.",
    group: AUTOSCALING,
  }),
  "horizontal-pod-autoscaler-tolerance": number({
    default: o.hpaTolerance,
    help: "How far from its target a metric may be before something is done.",
    group: AUTOSCALING,
  }),
  "horizontal-pod-autoscaler-cpu-initialization-period": duration({
    default: o.hpaCpuInitializationPeriodMs,
    help: "For how long after its start the CPU of a pod may be left out of account.",
    group: AUTOSCALING,
  }),
  "horizontal-pod-autoscaler-initial-readiness-delay": duration({
    default: o.hpaInitialReadinessDelayMs,
    help: "For how long after its start changes of a pod's readiness are taken for its first readiness.",
    group: AUTOSCALING,
  }),
  ...workerFlags,
});

/** With those that are taken so that what starts the original starts this too. */
export const commandFlags = defineFlags({ ...controllerManagerFlags, ...unusedFlags } as typeof controllerManagerFlags);

export type ControllerManagerFlags = FlagValues<typeof controllerManagerFlags>;
