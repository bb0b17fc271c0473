/** What the flags of the controller manager say, as options: files read, sizes filled in, everything checked here. */
import { readFileSync } from "node:fs";
import { parseCidr } from "@kubets/machinery";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { keyFromPem } from "@kubets/wire/x509";
import type { ControllerManagerFlags } from "./flags.ts";
import { type ControllerOptions, defaultOptions } from "./options.ts";

export function optionsOfFlags(flags: ControllerManagerFlags): ControllerOptions {
  const certificate = fileOf(flags, "cluster-signing-cert-file");
  const key = fileOf(flags, "cluster-signing-key-file");
  if (!certificate !== !key)
    throw new ExitError(
      exitCode.usage,
      "--cluster-signing-cert-file and --cluster-signing-key-file must be given together",
    );
  const rootCa = fileOf(flags, "root-ca-file");
  const tokenKey = fileOf(flags, "service-account-private-key-file");
  const clusterCidrs = flags["allocate-node-cidrs"] ? cidrsOf(flags["cluster-cidr"]) : [];
  return {
    ...defaultOptions,
    ...(rootCa && { rootCa }),
    ...(certificate && key && { signer: { certificate, key: keyFromPem(key) } }),
    ...(tokenKey && { serviceAccountKey: keyFromPem(tokenKey) }),
    clusterCidrs,
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
    concurrentGcSyncs: flags["concurrent-gc-syncs"],
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

type FileFlag =
  | "cluster-signing-cert-file"
  | "cluster-signing-key-file"
  | "root-ca-file"
  | "service-account-private-key-file";

function fileOf(flags: ControllerManagerFlags, name: FileFlag): string {
  const path = flags[name];
  if (!path) return "";
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ExitError(exitCode.usage, `--${name}: ${path} cannot be read: ${(error as Error).message}`);
  }
}

function cidrsOf(given: readonly string[]): readonly string[] {
  if (given.length === 0)
    throw new ExitError(
      exitCode.usage,
      "--allocate-node-cidrs needs --cluster-cidr: which addresses are to be given out?",
    );
  const wrong = given.find((text) => !parseCidr(text));
  if (wrong !== undefined)
    throw new ExitError(exitCode.usage, `--cluster-cidr: ${JSON.stringify(wrong)} is no range such as 10.244.0.0/16`);
  return given;
}
