/** The original's flags that this kubelet knows; they win over its file. */
import type { Taint } from "@kubets/api/generated/types/core-v1";
import * as flag from "@kubets/machinery/flags";
import { type KubeletConfig, kubeletDefaults } from "./config.ts";

export const kubeletFlags = flag.defineFlags({
  config: flag.file({ help: "The file with a KubeletConfiguration; flags win over it.", default: "" }),
  kubeconfig: flag.file({ help: "How to reach the API server.", default: "" }),
  "bootstrap-kubeconfig": flag.file({
    help: "How to reach the API server to ask for a certificate; --kubeconfig is then written with it.",
    default: "",
  }),
  "rotate-certificates": flag.bool({
    help: "Ask for a new client certificate before the old one is over.",
    default: false,
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
  "image-credential-provider-config": flag.file({
    help: "The file with a CredentialProviderConfig: programs that hand out credentials for images.",
    default: "",
  }),
  "image-credential-provider-bin-dir": flag.file({ help: "The folder of those programs.", default: "" }),
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
  "eviction-hard": flag.list({
    placeholder: "SIGNAL<AMOUNT",
    help: "What is to stay free before pods must go, as memory.available<100Mi.",
    default: [],
  }),
  "pod-cidr": flag.text({ help: "The addresses of this node's pods, where nobody hands them out.", default: "" }),
  "logging-format": flag.choice(["text", "json"], { help: "How logs are written.", default: "text" }),
  v: flag.int({ help: "How much is logged.", default: 0, short: "v", min: 0 }),
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
    eviction: given.has("eviction-hard")
      ? { ...file.eviction, hard: Object.fromEntries(values["eviction-hard"].map(parseThreshold)) }
      : file.eviction,
    podCidr: or("pod-cidr", values["pod-cidr"], file.podCidr),
    nodeLabels: { ...file.nodeLabels, ...values["node-labels"] },
    containerRuntimeEndpoint: or(
      "container-runtime-endpoint",
      values["container-runtime-endpoint"],
      file.containerRuntimeEndpoint,
    ),
    imageServiceEndpoint: or("image-service-endpoint", values["image-service-endpoint"], file.imageServiceEndpoint),
    credentialProviderConfig: values["image-credential-provider-config"],
    credentialProviderFolder: values["image-credential-provider-bin-dir"],
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

/** `memory.available<100Mi`. */
function parseThreshold(text: string): [string, string] {
  const [, signal, amount] = /^([A-Za-z.]+)<(\S+)$/.exec(text) ?? [];
  if (!signal || !amount)
    throw new Error(`the threshold ${JSON.stringify(text)} is not SIGNAL<AMOUNT, as memory.available<100Mi`);
  return [signal, amount];
}
