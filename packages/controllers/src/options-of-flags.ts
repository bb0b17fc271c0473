/** What the flags of the controller manager say, as options: files read, sizes filled in, everything checked here. */
import { readFileSync } from "node:fs";
import { parseCidr } from "@kubets/machinery";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { parseGates } from "@kubets/machinery/feature-gates";
import { keyFromPem } from "@kubets/wire/x509";
import type { ControllerManagerFlags } from "./flags.ts";
import { type ControllerOptions, defaultOptions } from "./options.ts";
import { type SignerFlags, signersOf } from "./signer-files.ts";
import { workersOf } from "./worker-flags.ts";

export function optionsOfFlags(flags: ControllerManagerFlags): ControllerOptions {
  const rootCa = fileOf(flags, "root-ca-file");
  const tokenKey = fileOf(flags, "service-account-private-key-file");
  const clusterCidrs = flags["allocate-node-cidrs"] ? clusterCidrsOf(flags["cluster-cidr"]) : [];
  return {
    ...defaultOptions,
    ...(rootCa && { rootCa }),
    ...signersOf(flags, (name) => fileOf(flags, name)),
    ...(tokenKey && { serviceAccountKey: keyFromPem(tokenKey) }),
    clusterCidrs,
    serviceCidrs: clusterCidrs.length > 0 ? cidrsOf("service-cluster-ip-range", flags["service-cluster-ip-range"]) : [],
    nodeCidrMaskSizeV4:
      flags["node-cidr-mask-size-ipv4"] || flags["node-cidr-mask-size"] || defaultOptions.nodeCidrMaskSizeV4,
    nodeCidrMaskSizeV6:
      flags["node-cidr-mask-size-ipv6"] || flags["node-cidr-mask-size"] || defaultOptions.nodeCidrMaskSizeV6,
    signingDurationMs: flags["cluster-signing-duration"],
    nodeMonitorPeriodMs: flags["node-monitor-period"],
    nodeMonitorGracePeriodMs: flags["node-monitor-grace-period"],
    nodeStartupGracePeriodMs: flags["node-startup-grace-period"],
    nodeEvictionRate: flags["node-eviction-rate"],
    secondaryNodeEvictionRate: flags["secondary-node-eviction-rate"],
    unhealthyZoneThreshold: flags["unhealthy-zone-threshold"],
    largeClusterSizeThreshold: flags["large-cluster-size-threshold"],
    workers: workersOf(flags),
    featureGates: parseGates(flags["feature-gates"].join(",")),
    enableGarbageCollector: flags["enable-garbage-collector"],
    legacyTokenCleanUpPeriodMs: flags["legacy-service-account-token-clean-up-period"],
    resourceQuotaSyncPeriodMs: flags["resource-quota-sync-period"],
    pvClaimBinderSyncPeriodMs: flags["pvclaimbinder-sync-period"],
    dynamicProvisioning: flags["enable-dynamic-provisioning"],
    forceDetach: !flags["disable-force-detach-on-timeout"],
    endpointBatchMs: flags["endpoint-updates-batch-period"],
    endpointSliceBatchMs: flags["endpointslice-updates-batch-period"],
    mirroringBatchMs: flags["mirroring-endpointslice-updates-batch-period"],
    terminatedPodGcThreshold: flags["terminated-pod-gc-threshold"],
    hpaSyncPeriodMs: flags["horizontal-pod-autoscaler-sync-period"],
    hpaDownscaleStabilizationMs: flags["horizontal-pod-autoscaler-downscale-stabilization"],
    hpaTolerance: flags["horizontal-pod-autoscaler-tolerance"],
    hpaCpuInitializationPeriodMs: flags["horizontal-pod-autoscaler-cpu-initialization-period"],
    hpaInitialReadinessDelayMs: flags["horizontal-pod-autoscaler-initial-readiness-delay"],
    maxEndpointsPerSlice: flags["max-endpoints-per-slice"],
    mirroringMaxEndpointsPerSubset: flags["mirroring-max-endpoints-per-subset"],
  };
}

type FileFlag = keyof SignerFlags | "root-ca-file" | "service-account-private-key-file";

function fileOf(flags: ControllerManagerFlags, name: FileFlag): string {
  const path = flags[name];
  if (!path) return "";
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ExitError(exitCode.usage, `--${name}: ${path} cannot be read: ${(error as Error).message}`);
  }
}

function clusterCidrsOf(given: readonly string[]): readonly string[] {
  if (given.length === 0)
    throw new ExitError(
      exitCode.usage,
      "--allocate-node-cidrs needs --cluster-cidr: which addresses are to be given out?",
    );
  return cidrsOf("cluster-cidr", given);
}

function cidrsOf(flag: string, given: readonly string[]): readonly string[] {
  const wrong = given.find((text) => !parseCidr(text));
  if (wrong !== undefined)
    throw new ExitError(exitCode.usage, `--${flag}: ${JSON.stringify(wrong)} is no range such as 10.244.0.0/16`);
  return given;
}
