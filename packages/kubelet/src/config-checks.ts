/**
 * What a KubeletConfiguration must not say, and what it may say without effect on this kubelet. Pure; the texts are the original's.
 */
import { deepEqual } from "@kubets/machinery";
import { formatDuration } from "@kubets/machinery/duration";
import { isOpen } from "@kubets/machinery/given-gates";
import type { FileConfig } from "./config-shape.ts";

/** What is wrong with the values, one text each. */
export function configProblems(file: FileConfig): string[] {
  const problems: string[] = [];
  const refuse = (wrong: boolean, text: string) => {
    if (wrong) problems.push(`invalid configuration: ${text}`);
  };
  const between = (field: keyof FileConfig, flag: string, least: number, most: number) => {
    const value = file[field] as number;
    refuse(
      value < least || value > most,
      `${field} (--${flag}) ${value} must be between ${least} and ${most}, inclusive`,
    );
  };
  const notNegative = (field: keyof FileConfig, flag: string) =>
    refuse((file[field] as number) < 0, `${field} (--${flag}) ${file[field] as number} must not be a negative number`);

  between("port", "port", 0, 65_535);
  between("healthzPort", "healthz-port", 0, 65_535);
  between("readOnlyPort", "read-only-port", 0, 65_535);
  between("imageGCHighThresholdPercent", "image-gc-high-threshold", 0, 100);
  between("imageGCLowThresholdPercent", "image-gc-low-threshold", 0, 100);
  between("oomScoreAdj", "oom-score-adj", -1000, 1000);
  notNegative("eventBurst", "event-burst");
  notNegative("eventRecordQPS", "event-qps");
  notNegative("kubeAPIBurst", "kube-api-burst");
  notNegative("kubeAPIQPS", "kube-api-qps");
  notNegative("maxOpenFiles", "max-open-files");
  notNegative("maxPods", "max-pods");
  notNegative("podsPerCore", "pods-per-core");
  notNegative("registryBurst", "registry-burst");
  notNegative("registryPullQPS", "registry-qps");

  const { imageGCHighThresholdPercent: high, imageGCLowThresholdPercent: low } = file;
  refuse(
    low >= high,
    `imageGCLowThresholdPercent (--image-gc-low-threshold) ${low} must be less than imageGCHighThresholdPercent (--image-gc-high-threshold) ${high}`,
  );
  refuse(file.nodeLeaseDurationSeconds <= 0, "nodeLeaseDurationSeconds must be greater than 0");
  refuse(file.nodeStatusMaxImages < -1, "nodeStatusMaxImages (--node-status-max-images) must be -1 or greater");
  refuse(file.containerLogMaxFiles <= 1, `containerLogMaxFiles ${file.containerLogMaxFiles} must be greater than 1`);
  refuse(file.containerLogMaxWorkers < 1, `containerLogMaxWorkers must be greater than or equal to 1`);
  refuse(file.containerRuntimeEndpoint === "", "the containerRuntimeEndpoint was not specified or empty");
  refuse(
    !["promiscuous-bridge", "hairpin-veth", "none"].includes(file.hairpinMode),
    `option ${JSON.stringify(file.hairpinMode)} specified for hairpinMode (--hairpin-mode). Valid options are "none", "hairpin-veth" or "promiscuous-bridge"`,
  );
  refuse(
    !["", "NoSwap", "LimitedSwap"].includes(file.memorySwap.swapBehavior),
    `memorySwap.swapBehavior ${JSON.stringify(file.memorySwap.swapBehavior)} must be one of: "", "LimitedSwap" or "NoSwap"`,
  );
  refuse(
    !["", "VersionTLS12", "VersionTLS13"].includes(file.tlsMinVersion),
    `tlsMinVersion (--tls-min-version) ${JSON.stringify(file.tlsMinVersion)} must be VersionTLS12 or VersionTLS13`,
  );
  const longest = file.crashLoopBackOff.maxContainerRestartPeriod;
  refuse(
    longest !== undefined && (longest < 1000 || longest > 300_000),
    `CrashLoopBackOff.MaxContainerRestartPeriod (got: ${formatDuration(longest ?? 0)}) must be set between 1s and 300s`,
  );
  const period = file.cpuCFSQuotaPeriod;
  const hasPeriods = file.featureGates.CustomCPUCFSQuotaPeriod === true;
  refuse(
    !hasPeriods && period !== 100,
    `cpuCFSQuotaPeriod (--cpu-cfs-quota-period) ${formatDuration(period)} requires feature gate CustomCPUCFSQuotaPeriod`,
  );
  refuse(
    hasPeriods && (period < 1 || period > 1000),
    `cpuCFSQuotaPeriod (--cpu-cfs-quota-period) ${formatDuration(period)} must be between 1ms and 1s, inclusive`,
  );
  const factor = file.memoryThrottlingFactor;
  refuse(
    isOpen("MemoryQoS", file.featureGates) && (factor <= 0 || factor > 1),
    `memoryThrottlingFactor ${factor} must be greater than 0 and less than or equal to 1.0`,
  );
  refuse(
    !["None", "TieredReservation"].includes(file.memoryReservationPolicy),
    `memoryReservationPolicy ${JSON.stringify(file.memoryReservationPolicy)} must be None or TieredReservation`,
  );
  for (const [name, value] of Object.entries(file.qosReserved)) {
    refuse(name !== "memory", `qosReserved (--qos-reserved): cannot reserve ${JSON.stringify(name)} resource`);
    refuse(
      !/^\d+%$/.test(value) || Number.parseInt(value, 10) > 100,
      `qosReserved (--qos-reserved): failed to parse percentage ${JSON.stringify(value)} for ${JSON.stringify(name)} resource: it must be between 0% and 100%`,
    );
  }
  refuse(
    file.enableSystemLogQuery && !file.enableSystemLogHandler,
    "enableSystemLogHandler is required for enableSystemLogQuery",
  );
  problems.push(...allocatableProblems(file).map((text) => `invalid configuration: ${text}`));
  // The original can do these; this kubelet cannot, and who asked for them must know.
  refuse(file.runOnce, "runOnce (--runonce) is not supported: a kubelet runs until it is stopped");
  refuse(!file.cgroupsPerQOS, "cgroupsPerQOS (--cgroups-per-qos) false is not supported: pods have cgroups by class");
  refuse(
    !file.enableControllerAttachDetach,
    "enableControllerAttachDetach (--enable-controller-attach-detach) false is not supported: volumes are attached by the controller",
  );
  return problems;
}

function allocatableProblems(file: FileConfig): string[] {
  const enforced = file.enforceNodeAllocatable;
  const problems: string[] = [];
  for (const level of enforced) {
    if (level === "none" && enforced.length > 1)
      problems.push(
        'enforceNodeAllocatable (--enforce-node-allocatable) may not contain additional enforcements when "none" is specified',
      );
    if (
      ![
        "none",
        "pods",
        "system-reserved",
        "kube-reserved",
        "system-reserved-compressible",
        "kube-reserved-compressible",
      ].includes(level)
    )
      problems.push(
        `option ${JSON.stringify(level)} specified for enforceNodeAllocatable (--enforce-node-allocatable). Valid options are "pods", "system-reserved", "system-reserved-compressible", "kube-reserved", "kube-reserved-compressible" or "none"`,
      );
    const cgroup = level.startsWith("system-") ? "systemReservedCgroup" : "kubeReservedCgroup";
    if (level.includes("-reserved") && file[cgroup] === "")
      problems.push(
        `${cgroup} (--${cgroup === "systemReservedCgroup" ? "system" : "kube"}-reserved-cgroup) must be specified when ${JSON.stringify(level)} contained in enforceNodeAllocatable (--enforce-node-allocatable)`,
      );
  }
  return problems;
}

/** Fields that change nothing here, and why: for who set them. */
const WITHOUT_EFFECT: Readonly<Partial<Record<keyof FileConfig, string>>> = {
  configMapAndSecretChangeDetectionStrategy: "what pods refer to is always watched",
  containerLogMaxWorkers: "logs are rotated one after the other",
  contentType: "the API is spoken in JSON",
  cpuManagerReconcilePeriod: "CPUs are set when containers come and go",
  eventBurst: "events are written one after the other for each object, and like ones are counted",
  eventRecordQPS: "events are written one after the other for each object, and like ones are counted",
  enableContentionProfiling: "there is no such profile of a single thread",
  enableDebugFlagsHandler: "there are no flags that can be changed while it runs",
  enableProfilingHandler: "profiles are taken with Node's own tools",
  hairpinMode: "the network plugin decides it",
  iptablesDropBit: "no rules are made",
  iptablesMasqueradeBit: "no rules are made",
  kernelMemcgNotification: "memory is looked at every ten seconds",
  kubeAPIBurst: "requests are few, and the API server decides who waits",
  kubeAPIQPS: "requests are few, and the API server decides who waits",
  kubeReservedCgroup: "only pods are held to what the node has for them",
  kubeletCgroups: "the kubelet stays in the cgroup that it was started in",
  makeIPTablesUtilChains: "no rules are made",
  maxOpenFiles: "the limit of the process that starts it holds",
  qosReserved: "memory is reserved by class with the feature gate QOSReserved alone",
  showHiddenMetricsForVersion: "no metric is hidden",
  syncFrequency: "pods are looked at when something changed",
  systemCgroups: "other processes stay in the cgroup that they were started in",
  systemReservedCgroup: "only pods are held to what the node has for them",
  tracing: "no traces are sent",
  volumePluginDir: "FlexVolumes are not supported; use a storage driver (CSI)",
};

export const withoutEffect = (
  file: FileConfig,
  defaults: FileConfig,
): readonly (readonly [field: string, why: string])[] =>
  Object.entries(WITHOUT_EFFECT).filter(
    ([field]) =>
      !deepEqual(file[field as keyof FileConfig], defaults[field as keyof FileConfig]) &&
      !(field === "qosReserved" && isOpen("QOSReserved", file.featureGates)),
  );
