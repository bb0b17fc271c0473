/** The flags of `kubets proxy`: those of kube-proxy, by its names. Those that the configuration file sets are ignored beside one. */
import {
  bool,
  choice,
  defineFlags,
  duration,
  type FlagValues,
  file,
  int,
  list,
  number,
  text,
} from "@kubets/machinery/flags";
import { unusedFlags } from "./unused-flags.ts";

export const proxyFlags = defineFlags({
  config: file({ help: "The KubeProxyConfiguration file; most other flags are ignored beside it." }),
  kubeconfig: file({ help: "How to reach the API server." }),
  master: text({ help: "The address of the API server; stands above the one in the kubeconfig." }),
  "hostname-override": text({ help: "The name of this node, if not that of the host." }),
  "proxy-mode": text({ help: "How services are done: nftables, iptables or userspace.", placeholder: "MODE" }),
  "cluster-cidr": text({ help: "The range of pods; two of them, with a comma, in a dual-stack cluster." }),
  "detect-local-mode": text({
    help: "How pods are told from others: ClusterCIDR, NodeCIDR, BridgeInterface or InterfaceNamePrefix.",
    placeholder: "MODE",
  }),
  "pod-bridge-interface": text({ help: "The bridge of pods, for the mode BridgeInterface.", placeholder: "LINK" }),
  "pod-interface-name-prefix": text({
    help: "How the names of links to pods begin, for the mode InterfaceNamePrefix.",
    placeholder: "PREFIX",
  }),
  "nodeport-addresses": list({ help: "Where node ports are served: ranges, or primary." }),
  "masquerade-all": bool({ help: "Masquerade everything that goes to a cluster IP." }),
  "iptables-masquerade-bit": int({
    help: "The bit of a packet's mark that asks for masquerading.",
    default: 14,
    min: 0,
    max: 31,
  }),
  "iptables-sync-period": duration({ help: "How often the rules are looked at.", default: 30_000 }),
  "iptables-min-sync-period": duration({ help: "Taken and left: changes are programmed as they come.", default: 1000 }),
  "iptables-localhost-nodeports": bool({ help: "Taken and left.", default: true, hidden: true }),
  "config-sync-period": duration({ help: "Taken and left: changes are watched.", default: 900_000 }),
  "bind-address": text({ help: "The node's address, if not the one that it registered with.", default: "0.0.0.0" }),
  "healthz-bind-address": text({ help: "Where health is served; empty for nowhere.", default: "0.0.0.0:10256" }),
  "metrics-bind-address": text({ help: "Where metrics are served; empty for nowhere.", default: "127.0.0.1:10249" }),
  cleanup: bool({ help: "Take away everything that a proxy made on this machine, and end." }),
  "init-only": bool({ help: "Do what only root may do, and end; nothing of it is needed beforehand here." }),
  "write-config-to": file({ help: "Write the configuration that holds by default to this file, and end." }),
  "feature-gates": text({ help: "Features to switch on or off: A=true,B=false; the rest of them is left." }),
  "kube-api-qps": number({ help: "Taken and left.", default: 5 }),
  "kube-api-burst": int({ help: "Taken and left.", default: 10 }),
  "kube-api-content-type": text({ help: "Taken and left.", default: "application/vnd.kubernetes.protobuf" }),
  "oom-score-adj": int({ help: "Taken and left.", default: -999 }),
  "conntrack-max-per-core": int({
    help: "How many connections the kernel is to follow for each processor; 0 leaves it as it is.",
    default: 32_768,
  }),
  "conntrack-min": int({ help: "How many connections the kernel is to follow at least.", default: 131_072 }),
  "conntrack-tcp-be-liberal": bool({ help: "Let packets of TCP pass that are outside of its window." }),
  "conntrack-tcp-timeout-close-wait": duration({
    help: "How long half-closed connections of TCP are remembered; 0 leaves it as it is.",
    default: 3_600_000,
  }),
  "conntrack-tcp-timeout-established": duration({
    help: "How long idle connections of TCP are remembered; 0 leaves it as it is.",
    default: 86_400_000,
  }),
  "conntrack-udp-timeout": duration({ help: "How long UDP without an answer is remembered; 0 leaves it as it is." }),
  "conntrack-udp-timeout-stream": duration({ help: "How long flows of UDP are remembered; 0 leaves it as it is." }),
  "logging-format": choice(["text", "json"], { help: "How log lines look.", default: "text" }),
  v: int({ help: "How much to log: 4 and above is everything.", default: 0, short: "v" }),
});

/** All that the command takes. */
export const commandFlags = defineFlags({ ...proxyFlags, ...unusedFlags } as typeof proxyFlags);

export type ProxyFlags = FlagValues<typeof proxyFlags>;
