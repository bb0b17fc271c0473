/**
 * How a kubelet is configured, as its parts read it: made of a KubeletConfiguration file, over which flags win.
 * Holds: everything is checked and filled in here, once; what comes out is complete.
 */
import type { Taint } from "@kubets/api/generated/types/core-v1";
import * as shape from "@kubets/machinery/config-file";
import { parseDuration } from "@kubets/machinery/duration";
import type { JsonObject } from "@kubets/machinery/json-value";
import { parseQuantity } from "@kubets/machinery/quantity";
import { configProblems } from "./config-checks.ts";
import { parseConfigFields } from "./config-files.ts";
import { EVICTION_DEFAULTS, type FileConfig, kubeletConfiguration } from "./config-shape.ts";
import { type MustVerify, verificationOf } from "./images/verification-policy.ts";

export interface KubeletConfig {
  readonly port: number;
  readonly address: string;
  readonly healthzPort: number;
  readonly healthzAddress: string;
  readonly readOnlyPort: number;
  readonly registerNode: boolean;
  readonly registerSchedulable: boolean;
  readonly registerWithTaints: readonly Taint[];
  readonly nodeLabels: Readonly<Record<string, string>>;
  readonly hostname: string;
  readonly providerId: string;
  readonly podCidr: string;
  readonly maxPods: number;
  /** Of each resource, what pods do not get. */
  readonly reserved: Readonly<Record<string, string>>;
  readonly capacity?: Readonly<Record<string, string>>;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  readonly resolvConf: string;
  readonly nodeStatusUpdateFrequencyMs: number;
  readonly nodeStatusReportFrequencyMs: number;
  readonly nodeLeaseDurationSeconds: number;
  readonly seccompDefault: boolean;
  readonly allowedUnsafeSysctls: readonly string[];
  readonly staticPodPath: string;
  readonly fileCheckFrequencyMs: number;
  readonly imageGcHighPercent: number;
  readonly imageGcLowPercent: number;
  readonly containerLogMaxBytes: number;
  readonly containerLogMaxFiles: number;
  readonly containerLogMonitorMs: number;
  readonly cgroupDriver: "cgroupfs" | "systemd";
  readonly cgroupRoot: string;
  readonly containerRuntimeEndpoint: string;
  readonly imageServiceEndpoint: string;
  readonly anonymousAuth: boolean;
  readonly webhookAuth: boolean;
  readonly clientCaFile: string;
  readonly authorizationMode: "AlwaysAllow" | "Webhook";
  readonly tlsCertFile: string;
  readonly tlsPrivateKeyFile: string;
  readonly eviction: EvictionSettings;
  readonly podPidsLimit: number;
  /** How many images are pulled at a time; undefined for any number. */
  readonly maxParallelImagePulls: number | undefined;
  /** The file that names programs with credentials, and their folder. */
  readonly credentialProviderConfig: string;
  readonly credentialProviderFolder: string;
  readonly staticPodUrl: string;
  readonly staticPodUrlHeader: Readonly<Record<string, readonly string[]>>;
  readonly httpCheckFrequencyMs: number;
  /** Which images that are there a pod must show credentials for. */
  readonly mustVerifyImage: MustVerify;
  readonly imageMinimumAgeMs: number;
  readonly imageMaximumAgeMs: number;
  /** All that the file says, for /configz. */
  readonly file: FileConfig;
}

/** Thresholds by signal, as `memory.available` below `100Mi` or `5%`. */
export interface EvictionSettings {
  readonly hard: Readonly<Record<string, string>>;
  readonly soft: Readonly<Record<string, string>>;
  readonly softGraceMs: Readonly<Record<string, number>>;
  readonly transitionMs: number;
  readonly maxPodGraceSeconds: number;
  readonly minimumReclaim: Readonly<Record<string, string>>;
}

export const parseKubeletConfig = (text: string): KubeletConfig => kubeletConfigOf(parseConfigFields(text));

/** Of the fields of a file. */
export function kubeletConfigOf(fields: JsonObject): KubeletConfig {
  const file = shape.readFields(fields, "the configuration of the kubelet", kubeletConfiguration);
  const problems = configProblems(file);
  if (problems.length > 0) throw new shape.ConfigError(problems.join("; "));
  return {
    port: file.port,
    address: file.address,
    healthzPort: file.healthzPort,
    healthzAddress: file.healthzBindAddress,
    readOnlyPort: file.readOnlyPort,
    registerNode: file.registerNode,
    registerSchedulable: true,
    registerWithTaints: file.registerWithTaints.map(({ key, value, effect }) => ({
      key,
      effect,
      ...(value && { value }),
    })),
    nodeLabels: {},
    hostname: "",
    providerId: file.providerID,
    podCidr: file.podCIDR,
    maxPods: file.maxPods,
    reserved: sumOf(file.kubeReserved, file.systemReserved),
    clusterDns: file.clusterDNS,
    clusterDomain: file.clusterDomain || "cluster.local",
    resolvConf: file.resolvConf,
    nodeStatusUpdateFrequencyMs: file.nodeStatusUpdateFrequency,
    nodeStatusReportFrequencyMs: file.nodeStatusReportFrequency,
    nodeLeaseDurationSeconds: file.nodeLeaseDurationSeconds,
    seccompDefault: file.seccompDefault,
    allowedUnsafeSysctls: file.allowedUnsafeSysctls,
    staticPodPath: file.staticPodPath,
    fileCheckFrequencyMs: file.fileCheckFrequency,
    imageGcHighPercent: file.imageGCHighThresholdPercent,
    imageGcLowPercent: file.imageGCLowThresholdPercent,
    containerLogMaxBytes: parseQuantity(file.containerLogMaxSize).value(),
    containerLogMaxFiles: file.containerLogMaxFiles,
    containerLogMonitorMs: file.containerLogMonitorInterval,
    cgroupDriver: file.cgroupDriver,
    cgroupRoot: file.cgroupRoot,
    containerRuntimeEndpoint: file.containerRuntimeEndpoint,
    imageServiceEndpoint: file.imageServiceEndpoint,
    anonymousAuth: file.authentication.anonymous.enabled,
    webhookAuth: file.authentication.webhook.enabled,
    clientCaFile: file.authentication.x509.clientCAFile,
    authorizationMode: file.authorization.mode,
    tlsCertFile: file.tlsCertFile,
    tlsPrivateKeyFile: file.tlsPrivateKeyFile,
    eviction: {
      hard: evictionHard(file),
      soft: file.evictionSoft,
      softGraceMs: Object.fromEntries(
        Object.entries(file.evictionSoftGracePeriod).map(([signal, text]) => [signal, parseDuration(text)]),
      ),
      transitionMs: file.evictionPressureTransitionPeriod,
      maxPodGraceSeconds: file.evictionMaxPodGracePeriod,
      minimumReclaim: file.evictionMinimumReclaim,
    },
    podPidsLimit: file.podPidsLimit,
    maxParallelImagePulls: parallelPulls(file),
    credentialProviderConfig: "",
    credentialProviderFolder: "",
    staticPodUrl: file.staticPodURL,
    staticPodUrlHeader: file.staticPodURLHeader,
    httpCheckFrequencyMs: file.httpCheckFrequency,
    mustVerifyImage: verificationOf(
      file.imagePullCredentialsVerificationPolicy,
      file.preloadedImagesVerificationAllowlist,
    ),
    imageMinimumAgeMs: file.imageMinimumGCAge,
    imageMaximumAgeMs: file.imageMaximumGCAge,
    file,
  };
}

/** In microseconds; undefined where CPU limits are not enforced. */
export const cpuPeriodOf = (file: FileConfig): number | undefined =>
  file.cpuCFSQuota ? file.cpuCFSQuotaPeriod * 1000 : undefined;

/** What the file sets stands alone, unless it asks for the defaults beside it. */
function evictionHard({ evictionHard: hard, mergeDefaultEvictionSettings: merge }: FileConfig): Record<string, string> {
  if (Object.keys(hard).length === 0) return { ...EVICTION_DEFAULTS };
  return merge ? { ...EVICTION_DEFAULTS, ...hard } : { ...hard };
}

/** One at a time, unless the file says that they need not wait for each other. */
function parallelPulls({ serializeImagePulls, maxParallelImagePulls: most }: FileConfig): number | undefined {
  const oneByOne = serializeImagePulls ?? (most ?? 1) < 2;
  if (most !== undefined && most < 1)
    throw new shape.ConfigError(`maxParallelImagePulls ${most} must be a positive number`);
  if (oneByOne && (most ?? 1) > 1)
    throw new shape.ConfigError("maxParallelImagePulls cannot be larger than 1 unless serializeImagePulls is false");
  return oneByOne ? 1 : most;
}

function sumOf(...lists: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const sum: Record<string, string> = {};
  for (const list of lists) {
    for (const [name, text] of Object.entries(list))
      sum[name] = sum[name] ? parseQuantity(sum[name]).add(parseQuantity(text)).toString() : text;
  }
  return sum;
}

export const kubeletDefaults: KubeletConfig = kubeletConfigOf({});
