/**
 * How a kubelet is configured: by a KubeletConfiguration file, and by the original's flags, which win over it.
 * Holds: everything is checked and filled in here, once; what comes out is complete.
 */
import type { Taint } from "@kubets/api/generated/types/core-v1";
import type { JsonValue } from "@kubets/machinery";
import * as shape from "@kubets/machinery/config-file";
import * as flag from "@kubets/machinery/flags";
import { parseQuantity } from "@kubets/machinery/quantity";

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
  readonly cpuCfsQuota: boolean;
  readonly seccompDefault: boolean;
  readonly serializeImagePulls: boolean;
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
}

const seconds = (n: number): number => n * 1000;

const taintShape = shape.object({ key: shape.str(), value: shape.str(), effect: shape.str(), timeAdded: shape.any() });
const reservedShape = shape.map(shape.str());
const enabled = (fallback: boolean) =>
  shape.object({ enabled: shape.bool(fallback), cacheTTL: shape.duration(seconds(120)) });

/** The fields of the file that this kubelet acts on. Others of the original are accepted where they change nothing that it does. */
const kubeletConfiguration = shape.object({
  port: shape.int(10250),
  address: shape.str("0.0.0.0"),
  healthzPort: shape.int(10248),
  healthzBindAddress: shape.str("127.0.0.1"),
  readOnlyPort: shape.int(0),
  registerNode: shape.bool(true),
  registerWithTaints: shape.list(taintShape),
  providerID: shape.str(),
  podCIDR: shape.str(),
  maxPods: shape.int(110),
  kubeReserved: reservedShape,
  systemReserved: reservedShape,
  clusterDNS: shape.list(shape.str()),
  clusterDomain: shape.str("cluster.local"),
  resolvConf: shape.str("/etc/resolv.conf"),
  nodeStatusUpdateFrequency: shape.duration(seconds(10)),
  nodeStatusReportFrequency: shape.duration(seconds(300)),
  nodeLeaseDurationSeconds: shape.int(40),
  cpuCFSQuota: shape.bool(true),
  seccompDefault: shape.bool(false),
  serializeImagePulls: shape.bool(true),
  allowedUnsafeSysctls: shape.list(shape.str()),
  staticPodPath: shape.str(),
  fileCheckFrequency: shape.duration(seconds(20)),
  imageGCHighThresholdPercent: shape.int(85),
  imageGCLowThresholdPercent: shape.int(80),
  containerLogMaxSize: shape.str("10Mi"),
  containerLogMaxFiles: shape.int(5),
  containerLogMonitorInterval: shape.duration(seconds(10)),
  cgroupDriver: shape.choice(["cgroupfs", "systemd"], "cgroupfs"),
  cgroupRoot: shape.str(),
  containerRuntimeEndpoint: shape.str("unix:///run/containerd/containerd.sock"),
  imageServiceEndpoint: shape.str(),
  authentication: shape.object({
    anonymous: shape.object({ enabled: shape.bool(false) }),
    webhook: enabled(true),
    x509: shape.object({ clientCAFile: shape.str() }),
  }),
  authorization: shape.object({
    mode: shape.choice(["AlwaysAllow", "Webhook"], "Webhook"),
    webhook: shape.object({
      cacheAuthorizedTTL: shape.duration(seconds(300)),
      cacheUnauthorizedTTL: shape.duration(seconds(30)),
    }),
  }),
  tlsCertFile: shape.str(),
  tlsPrivateKeyFile: shape.str(),
  featureGates: shape.any(),
  failSwapOn: shape.bool(true),
  rotateCertificates: shape.bool(false),
  serverTLSBootstrap: shape.bool(false),
  syncFrequency: shape.duration(seconds(60)),
  runtimeRequestTimeout: shape.duration(seconds(120)),
  enableServer: shape.bool(true),
  logging: shape.any(),
});

export const configKinds = { "kubelet.config.k8s.io/v1beta1/KubeletConfiguration": kubeletConfiguration } as const;

type FileConfig = shape.Infer<typeof kubeletConfiguration>;

export const readConfigFile = (path: string): KubeletConfig => fromFile(shape.loadConfigFile(path, configKinds).config);

export const parseKubeletConfig = (text: string, name = "KubeletConfiguration"): KubeletConfig =>
  fromFile(shape.parseConfig(text, name, configKinds).config);

function fromFile(file: FileConfig): KubeletConfig {
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
    clusterDomain: file.clusterDomain,
    resolvConf: file.resolvConf,
    nodeStatusUpdateFrequencyMs: file.nodeStatusUpdateFrequency,
    nodeStatusReportFrequencyMs: file.nodeStatusReportFrequency,
    nodeLeaseDurationSeconds: file.nodeLeaseDurationSeconds,
    cpuCfsQuota: file.cpuCFSQuota,
    seccompDefault: file.seccompDefault,
    serializeImagePulls: file.serializeImagePulls,
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
  };
}

function sumOf(...lists: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const sum: Record<string, string> = {};
  for (const list of lists) {
    for (const [name, text] of Object.entries(list))
      sum[name] = sum[name] ? parseQuantity(sum[name]).add(parseQuantity(text)).toString() : text;
  }
  return sum;
}

export const kubeletDefaults: KubeletConfig = fromFile(kubeletConfiguration.read({} as JsonValue, ""));

/** The flags of the original that this kubelet knows. */
export const kubeletFlags = flag.defineFlags({
  config: flag.file({ help: "The file with a KubeletConfiguration; flags win over it.", default: "" }),
  kubeconfig: flag.file({ help: "How to reach the API server.", default: "" }),
  "bootstrap-kubeconfig": flag.file({
    help: "How to reach the API server to ask for a client certificate.",
    default: "",
  }),
  "root-dir": flag.file({
    help: "The folder for the kubelet's own files, volumes among them.",
    default: "/var/lib/kubelet",
  }),
  "cert-dir": flag.file({ help: "The folder of the kubelet's certificates.", default: "/var/lib/kubelet/pki" }),
  "hostname-override": flag.text({ help: "The node's name, instead of the host's.", default: "" }),
  "node-ip": flag.list({ help: "The node's addresses, the first one first.", default: [] }),
  "node-labels": flag.map({ help: "Labels to put on the node when registering it.", default: {} }),
  "container-runtime-endpoint": flag.text({ help: "The socket of the container runtime.", default: "" }),
  "image-service-endpoint": flag.text({ help: "The socket of the image service, when it is another.", default: "" }),
  "pod-manifest-path": flag.file({ help: "The folder of static pods.", default: "" }),
  "max-pods": flag.int({ help: "How many pods the node takes.", default: 110, min: 0 }),
  "cluster-dns": flag.list({ help: "The addresses of the cluster's DNS.", default: [] }),
  "cluster-domain": flag.text({ help: "The domain of the cluster.", default: "cluster.local" }),
  "resolv-conf": flag.file({
    help: "The resolver configuration that pods' is made from.",
    default: "/etc/resolv.conf",
  }),
  "register-node": flag.bool({ help: "Register the node with the API server.", default: true }),
  "register-with-taints": flag.list({ help: "Taints to register the node with, each key=value:effect.", default: [] }),
  "provider-id": flag.text({ help: "The node's name with the machine's provider.", default: "" }),
  "cgroup-driver": flag.choice(["cgroupfs", "systemd"], { help: "Who makes cgroups.", default: "cgroupfs" }),
  "cgroup-root": flag.text({ help: "The cgroup that all of the node lies below.", default: "" }),
  port: flag.int({ help: "The port of the kubelet's API.", default: 10250, min: 0 }),
  address: flag.text({ help: "The address that it listens on.", default: "0.0.0.0" }),
  "healthz-port": flag.int({ help: "The port of the health check; 0 for none.", default: 10248, min: 0 }),
  "healthz-bind-address": flag.text({ help: "The address of the health check.", default: "127.0.0.1" }),
  "read-only-port": flag.int({ help: "The port without authentication; 0 for none.", default: 0, min: 0 }),
  "anonymous-auth": flag.bool({ help: "Let requests in that nobody signed.", default: false }),
  "client-ca-file": flag.file({ help: "The authorities of client certificates.", default: "" }),
  "authorization-mode": flag.choice(["AlwaysAllow", "Webhook"], {
    help: "Who may use the kubelet's API.",
    default: "Webhook",
  }),
  "tls-cert-file": flag.file({ help: "The certificate of the kubelet's API.", default: "" }),
  "tls-private-key-file": flag.file({ help: "Its key.", default: "" }),
  "seccomp-default": flag.bool({ help: "RuntimeDefault instead of Unconfined.", default: false }),
  "allowed-unsafe-sysctls": flag.list({ help: "Sysctls that pods may set besides the safe ones.", default: [] }),
});

type Given = flag.ParsedFlags<typeof kubeletFlags>;

/** The file with the flags on top. */
export function kubeletConfig(
  { values, given }: Pick<Given, "values" | "given">,
  file: KubeletConfig = kubeletDefaults,
): KubeletConfig {
  const or = <T>(name: keyof typeof kubeletFlags, value: T, other: T): T => (given.has(name) ? value : other);
  return {
    ...file,
    nodeLabels: { ...file.nodeLabels, ...values["node-labels"] },
    containerRuntimeEndpoint: or(
      "container-runtime-endpoint",
      values["container-runtime-endpoint"],
      file.containerRuntimeEndpoint,
    ),
    imageServiceEndpoint: or("image-service-endpoint", values["image-service-endpoint"], file.imageServiceEndpoint),
    staticPodPath: or("pod-manifest-path", values["pod-manifest-path"], file.staticPodPath),
    maxPods: or("max-pods", values["max-pods"], file.maxPods),
    clusterDns: or("cluster-dns", values["cluster-dns"], file.clusterDns),
    clusterDomain: or("cluster-domain", values["cluster-domain"], file.clusterDomain),
    resolvConf: or("resolv-conf", values["resolv-conf"], file.resolvConf),
    registerNode: or("register-node", values["register-node"], file.registerNode),
    registerWithTaints: or(
      "register-with-taints",
      values["register-with-taints"].map(parseTaint),
      file.registerWithTaints,
    ),
    providerId: or("provider-id", values["provider-id"], file.providerId),
    cgroupDriver: or("cgroup-driver", values["cgroup-driver"], file.cgroupDriver),
    cgroupRoot: or("cgroup-root", values["cgroup-root"], file.cgroupRoot),
    port: or("port", values.port, file.port),
    address: or("address", values.address, file.address),
    healthzPort: or("healthz-port", values["healthz-port"], file.healthzPort),
    healthzAddress: or("healthz-bind-address", values["healthz-bind-address"], file.healthzAddress),
    readOnlyPort: or("read-only-port", values["read-only-port"], file.readOnlyPort),
    anonymousAuth: or("anonymous-auth", values["anonymous-auth"], file.anonymousAuth),
    clientCaFile: or("client-ca-file", values["client-ca-file"], file.clientCaFile),
    authorizationMode: or("authorization-mode", values["authorization-mode"], file.authorizationMode),
    tlsCertFile: or("tls-cert-file", values["tls-cert-file"], file.tlsCertFile),
    tlsPrivateKeyFile: or("tls-private-key-file", values["tls-private-key-file"], file.tlsPrivateKeyFile),
    seccompDefault: or("seccomp-default", values["seccomp-default"], file.seccompDefault),
    allowedUnsafeSysctls: or("allowed-unsafe-sysctls", values["allowed-unsafe-sysctls"], file.allowedUnsafeSysctls),
  };
}

/** `key=value:Effect` or `key:Effect`. */
export function parseTaint(text: string): Taint {
  const [, key, value, effect] = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text) ?? [];
  if (!key || !effect)
    throw new Error(
      `the taint ${JSON.stringify(text)} is not key=value:effect with an effect of NoSchedule, PreferNoSchedule or NoExecute`,
    );
  return { key, effect, ...(value && { value }) };
}
