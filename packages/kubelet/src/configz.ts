/** The configuration in force, in the words of a KubeletConfiguration file: what a file would have to say for this kubelet. Pure. */
import { formatDuration } from "@kubets/machinery/duration";
import type { KubeletConfig } from "./config.ts";

/** Fields that hold milliseconds and are written as durations. */
const DURATION =
  /^(?!evictionMaxPodGracePeriod$)(.*(Frequency|Interval|Timeout|TTL|Period|GCAge|AggPeriod)|shutdownGracePeriodCriticalPods)$/;

export function configz(config: KubeletConfig): object {
  const { file } = config;
  const inForce = {
    ...file,
    port: config.port,
    address: config.address,
    healthzPort: config.healthzPort,
    healthzBindAddress: config.healthzAddress,
    readOnlyPort: config.readOnlyPort,
    registerNode: config.registerNode,
    maxPods: config.maxPods,
    clusterDNS: config.clusterDns,
    clusterDomain: config.clusterDomain,
    resolvConf: config.resolvConf,
    cgroupDriver: config.cgroupDriver,
    cgroupRoot: config.cgroupRoot,
    podCIDR: config.podCidr,
    providerID: config.providerId,
    staticPodPath: config.staticPodPath,
    containerRuntimeEndpoint: config.containerRuntimeEndpoint,
    imageServiceEndpoint: config.imageServiceEndpoint,
    seccompDefault: config.seccompDefault,
    allowedUnsafeSysctls: config.allowedUnsafeSysctls,
    tlsCertFile: config.tlsCertFile,
    tlsPrivateKeyFile: config.tlsPrivateKeyFile,
    evictionHard: config.eviction.hard,
    serializeImagePulls: config.maxParallelImagePulls === 1,
    authentication: {
      ...file.authentication,
      x509: { clientCAFile: config.clientCaFile },
      anonymous: { enabled: config.anonymousAuth },
    },
    authorization: { ...file.authorization, mode: config.authorizationMode },
  };
  return { kubeletconfig: written(inForce) };
}

/** Empty texts, lists and maps are left out, as an encoder leaves out what a file would not say. */
function written(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined || value === "") continue;
    if (Array.isArray(value)) {
      if (value.length > 0) out[name] = value;
    } else if (typeof value === "object" && value !== null) {
      const below = written(value as Record<string, unknown>);
      if (Object.keys(below).length > 0 || name === "x509") out[name] = below;
    } else out[name] = typeof value === "number" && DURATION.test(name) ? formatDuration(value) : value;
  }
  return out;
}
