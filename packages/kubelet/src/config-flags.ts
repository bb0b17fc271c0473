/**
 * The original's flags. Most of them say what a field of the KubeletConfiguration says, and win over the file; the others are what no file
 * can say, because it is the same for many nodes.
 */
import type { FlagOptions } from "@kubets/machinery/flag-types";
import * as flag from "@kubets/machinery/flags";
import type { JsonObject, JsonValue } from "@kubets/machinery/json-value";
import { type KubeletConfig, kubeletConfigOf } from "./config.ts";

type FieldFlag = flag.Flag<JsonValue>;
type MakeFlag = (options: FlagOptions) => FieldFlag;

/** The value as a file would hold it. */
const asText: MakeFlag = (options) => flag.text(options) as FieldFlag;
const asList: MakeFlag = (options) => flag.list(options) as FieldFlag;

/** What a text stands for, where it is no plain value of the command line. */
const read =
  (placeholder: string, parse: (text: string, before: JsonValue | undefined) => JsonValue): MakeFlag =>
  (options) => ({ ...asText(options), placeholder, parse });

const asBool = (options: FlagOptions): FieldFlag => flag.bool(options) as FieldFlag;
const asInt = (options: FlagOptions): FieldFlag => flag.int(options) as FieldFlag;
const asMap = (options: FlagOptions): FieldFlag => flag.map(options) as FieldFlag;
const asDuration = read("DURATION", (text) => {
  flag.duration({ help: "" }).parse(text, undefined);
  return text;
});

/** By kind of value, the field that each flag sets; fields within fields with dots. */
const FIELDS: readonly (readonly [make: MakeFlag, fields: Readonly<Record<string, string>>])[] = [
  [
    asBool,
    {
      "anonymous-auth": "authentication.anonymous.enabled",
      "authentication-token-webhook": "authentication.webhook.enabled",
      "cgroups-per-qos": "cgroupsPerQOS",
      "contention-profiling": "enableContentionProfiling",
      "cpu-cfs-quota": "cpuCFSQuota",
      "enable-controller-attach-detach": "enableControllerAttachDetach",
      "enable-debugging-handlers": "enableDebuggingHandlers",
      "enable-server": "enableServer",
      "fail-swap-on": "failSwapOn",
      "kernel-memcg-notification": "kernelMemcgNotification",
      "local-storage-capacity-isolation": "localStorageCapacityIsolation",
      "make-iptables-util-chains": "makeIPTablesUtilChains",
      "protect-kernel-defaults": "protectKernelDefaults",
      "register-node": "registerNode",
      "rotate-certificates": "rotateCertificates",
      "rotate-server-certificates": "serverTLSBootstrap",
      runonce: "runOnce",
      "seccomp-default": "seccompDefault",
      "serialize-image-pulls": "serializeImagePulls",
    },
  ],
  [
    asInt,
    {
      "container-log-max-files": "containerLogMaxFiles",
      "event-burst": "eventBurst",
      "event-qps": "eventRecordQPS",
      "eviction-max-pod-grace-period": "evictionMaxPodGracePeriod",
      "healthz-port": "healthzPort",
      "image-gc-high-threshold": "imageGCHighThresholdPercent",
      "image-gc-low-threshold": "imageGCLowThresholdPercent",
      "iptables-drop-bit": "iptablesDropBit",
      "iptables-masquerade-bit": "iptablesMasqueradeBit",
      "kube-api-burst": "kubeAPIBurst",
      "kube-api-qps": "kubeAPIQPS",
      "max-open-files": "maxOpenFiles",
      "max-pods": "maxPods",
      "node-status-max-images": "nodeStatusMaxImages",
      "oom-score-adj": "oomScoreAdj",
      "pod-max-pids": "podPidsLimit",
      "pods-per-core": "podsPerCore",
      port: "port",
      "read-only-port": "readOnlyPort",
      "registry-burst": "registryBurst",
      "registry-qps": "registryPullQPS",
    },
  ],
  [
    asText,
    {
      address: "address",
      "authorization-mode": "authorization.mode",
      "cgroup-driver": "cgroupDriver",
      "cgroup-root": "cgroupRoot",
      "client-ca-file": "authentication.x509.clientCAFile",
      "cluster-domain": "clusterDomain",
      "container-log-max-size": "containerLogMaxSize",
      "container-runtime-endpoint": "containerRuntimeEndpoint",
      "cpu-manager-policy": "cpuManagerPolicy",
      "hairpin-mode": "hairpinMode",
      "healthz-bind-address": "healthzBindAddress",
      "image-service-endpoint": "imageServiceEndpoint",
      "kube-api-content-type": "contentType",
      "kube-reserved-cgroup": "kubeReservedCgroup",
      "kubelet-cgroups": "kubeletCgroups",
      "manifest-url": "staticPodURL",
      "memory-manager-policy": "memoryManagerPolicy",
      "pod-cidr": "podCIDR",
      "pod-manifest-path": "staticPodPath",
      "provider-id": "providerID",
      "reserved-cpus": "reservedSystemCPUs",
      "resolv-conf": "resolvConf",
      "system-cgroups": "systemCgroups",
      "system-reserved-cgroup": "systemReservedCgroup",
      "tls-cert-file": "tlsCertFile",
      "tls-min-version": "tlsMinVersion",
      "tls-private-key-file": "tlsPrivateKeyFile",
      "topology-manager-policy": "topologyManagerPolicy",
      "topology-manager-scope": "topologyManagerScope",
      "volume-plugin-dir": "volumePluginDir",
    },
  ],
  [
    asDuration,
    {
      "authentication-token-webhook-cache-ttl": "authentication.webhook.cacheTTL",
      "authorization-webhook-cache-authorized-ttl": "authorization.webhook.cacheAuthorizedTTL",
      "authorization-webhook-cache-unauthorized-ttl": "authorization.webhook.cacheUnauthorizedTTL",
      "cpu-cfs-quota-period": "cpuCFSQuotaPeriod",
      "cpu-manager-reconcile-period": "cpuManagerReconcilePeriod",
      "eviction-pressure-transition-period": "evictionPressureTransitionPeriod",
      "file-check-frequency": "fileCheckFrequency",
      "http-check-frequency": "httpCheckFrequency",
      "minimum-image-ttl-duration": "imageMinimumGCAge",
      "node-status-update-frequency": "nodeStatusUpdateFrequency",
      "runtime-request-timeout": "runtimeRequestTimeout",
      "streaming-connection-idle-timeout": "streamingConnectionIdleTimeout",
      "sync-frequency": "syncFrequency",
      "volume-stats-agg-period": "volumeStatsAggPeriod",
    },
  ],
  [
    asList,
    {
      "allowed-unsafe-sysctls": "allowedUnsafeSysctls",
      "cluster-dns": "clusterDNS",
      "enforce-node-allocatable": "enforceNodeAllocatable",
      "tls-cipher-suites": "tlsCipherSuites",
    },
  ],
  [
    asMap,
    {
      "cpu-manager-policy-options": "cpuManagerPolicyOptions",
      "eviction-minimum-reclaim": "evictionMinimumReclaim",
      "eviction-soft-grace-period": "evictionSoftGracePeriod",
      "kube-reserved": "kubeReserved",
      "qos-reserved": "qosReserved",
      "system-reserved": "systemReserved",
      "topology-manager-policy-options": "topologyManagerPolicyOptions",
    },
  ],
  [
    read("SIGNAL<AMOUNT,...", (text, before) => ({ ...(before as JsonObject), ...thresholds(text) })),
    { "eviction-hard": "evictionHard", "eviction-soft": "evictionSoft" },
  ],
  [
    read("GATE=BOOL,...", (text, before) => ({ ...(before as JsonObject), ...gates(text) })),
    { "feature-gates": "featureGates" },
  ],
  [
    read("KEY=VALUE:EFFECT,...", (text, before) => [
      ...((before as JsonValue[]) ?? []),
      ...split(text).map(parseTaint),
    ]),
    { "register-with-taints": "registerWithTaints" },
  ],
  [
    read("NAME:VALUE,...", (text, before) => headers(text, before as Record<string, string[]>)),
    { "manifest-url-header": "staticPodURLHeader" },
  ],
  [
    read("NUMA_NODE:RESOURCE=AMOUNT,...", (text, before) => [...((before as JsonValue[]) ?? []), reservation(text)]),
    { "reserved-memory": "reservedMemory" },
  ],
];

const split = (text: string): string[] => text.split(",").filter(Boolean);

/** `key=value:Effect` or `key:Effect`. */
export function parseTaint(text: string): { key: string; value: string; effect: string } {
  const [, key, value = "", effect] =
    /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text) ?? [];
  if (!key || !effect)
    throw new Error(
      `the taint ${JSON.stringify(text)} is not key=value:effect with an effect of NoSchedule, PreferNoSchedule or NoExecute`,
    );
  return { key, value, effect };
}

const thresholds = (text: string): JsonObject =>
  Object.fromEntries(
    split(text).map((each) => {
      const [, signal, amount] = /^([A-Za-z.]+)<(\S+)$/.exec(each) ?? [];
      if (!signal || !amount)
        throw new Error(`the threshold ${JSON.stringify(each)} is not SIGNAL<AMOUNT, as memory.available<100Mi`);
      return [signal, amount];
    }),
  );

const gates = (text: string): JsonObject =>
  Object.fromEntries(
    Object.entries(flag.map({ help: "" }).parse(text, undefined)).map(([name, value]) => [
      name,
      flag.bool({ help: "" }).parse(value, undefined),
    ]),
  );

function headers(text: string, before: Readonly<Record<string, string[]>> = {}): JsonObject {
  const all: Record<string, string[]> = { ...before };
  for (const each of split(text)) {
    const [, name, value] = /^([^:]+):(.*)$/.exec(each) ?? [];
    if (!name) throw new Error(`the header ${JSON.stringify(each)} is not NAME:VALUE`);
    all[name] = [...(all[name] ?? []), value ?? ""];
  }
  return all;
}

function reservation(text: string): JsonObject {
  const [, numaNode, limits] = /^(\d+):(.+)$/.exec(text) ?? [];
  if (!numaNode || !limits)
    throw new Error(`the reservation ${JSON.stringify(text)} is not NUMA_NODE:RESOURCE=AMOUNT, as 0:memory=1Gi`);
  return { numaNode: Number(numaNode), limits: flag.map({ help: "" }).parse(limits, undefined) };
}

const fieldOf: ReadonlyMap<string, string> = new Map(FIELDS.flatMap(([, fields]) => Object.entries(fields)));

const fieldFlags: Readonly<Record<string, FieldFlag>> = Object.fromEntries(
  FIELDS.flatMap(([make, fields]) =>
    Object.entries(fields).map(([name, field]) => {
      const help = `The field ${field} of a KubeletConfiguration.`;
      return [name, make({ help, group: "Fields of the configuration" })];
    }),
  ),
);

const ownFlags = {
  config: flag.file({ help: "The file with a KubeletConfiguration; flags win over it.", default: "" }),
  "config-dir": flag.file({
    help: "The folder with more of them, each *.conf and in the order of their names: what a later one says holds.",
    default: "",
  }),
  kubeconfig: flag.file({ help: "How to reach the API server.", default: "" }),
  "bootstrap-kubeconfig": flag.file({
    help: "How to reach the API server to ask for a certificate; --kubeconfig is then written with it.",
    default: "",
  }),
  "root-dir": flag.file({
    help: "The folder for the kubelet's own files, volumes among them.",
    default: "/var/lib/kubelet",
  }),
  "cert-dir": flag.file({ help: "The folder of the kubelet's certificates.", default: "/var/lib/kubelet/pki" }),
  "cloud-provider": flag.choice(["", "external"], {
    help: "external: the node takes no pods before a cloud controller manager has described it.",
    default: "",
  }),
  "hostname-override": flag.text({ help: "The node's name, instead of the host's.", default: "" }),
  "node-ip": flag.list({ help: "The node's addresses, the first one first.", default: [] }),
  "node-labels": flag.map({ help: "Labels to put on the node when registering it.", default: {} }),
  "register-schedulable": flag.bool({ help: "Take pods from the beginning.", default: true }),
  "image-credential-provider-config": flag.file({
    help: "The file with a CredentialProviderConfig: programs that hand out credentials for images.",
    default: "",
  }),
  "image-credential-provider-bin-dir": flag.file({ help: "The folder of those programs.", default: "" }),
  "logging-format": flag.choice(["text", "json"], { help: "How logs are written.", default: "text" }),
  v: flag.int({ help: "How much is logged.", default: 0, short: "v", min: 0 }),
};

export const kubeletFlags: typeof ownFlags & flag.FlagSet = flag.defineFlags({ ...fieldFlags, ...ownFlags });

type Given = Pick<flag.ParsedFlags<typeof kubeletFlags>, "given"> & { readonly values: object };

const UNINITIALIZED = { key: "node.cloudprovider.kubernetes.io/uninitialized", value: "true", effect: "NoSchedule" };

/** What the flags and, under them, the file say. */
export function kubeletConfig({ values, given }: Given, file: JsonObject = {}): KubeletConfig {
  const all = values as Readonly<Record<string, JsonValue>>;
  let fields = file;
  for (const name of given) {
    const field = fieldOf.get(name);
    if (field) fields = withField(fields, field.split("."), all[name] as JsonValue);
  }
  const own = values as flag.FlagValues<typeof ownFlags>;
  const config = kubeletConfigOf(fields);
  return {
    ...config,
    nodeLabels: own["node-labels"],
    registerSchedulable: own["register-schedulable"],
    registerWithTaints: [
      ...config.registerWithTaints,
      ...(own["cloud-provider"] === "external" ? [UNINITIALIZED] : []),
    ],
    credentialProviderConfig: own["image-credential-provider-config"],
    credentialProviderFolder: own["image-credential-provider-bin-dir"],
  };
}

/** Maps of flags are put over those of the file, as their entries are named one by one. */
function withField(fields: JsonObject, [name = "", ...rest]: readonly string[], value: JsonValue): JsonObject {
  const below = (fields[name] ?? {}) as JsonObject;
  if (rest.length > 0) return { ...fields, [name]: withField(below, rest, value) };
  return { ...fields, [name]: name === "featureGates" ? { ...below, ...(value as JsonObject) } : value };
}
