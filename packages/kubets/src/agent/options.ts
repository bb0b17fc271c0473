/** What a node's agent is told: who it is, how it reaches the cluster, its runtime, and where it keeps things. */
import { bool, defineFlags, file, int, list, text } from "@kubets/machinery/flags";

export const agentFlags = defineFlags({
  server: text({ placeholder: "URL", help: "A server of the cluster to join, such as https://192.0.2.10:6443." }),
  token: text({
    placeholder: "TOKEN",
    help: "The token to join with, or @FILE that holds it; `kubets token create` on the server makes one.",
  }),
  "ca-hash": list({
    placeholder: "sha256:HASH",
    help: "The hash of the key of the cluster's authority, so that nobody can pass for the server.",
  }),
  "data-dir": file({
    default: "/var/lib/kubets/agent",
    help: "The folder of what the node keeps: who it is, its runtime's containers and images.",
  }),
  kubeconfig: file({ help: "How the node reaches the API server, where it has been given to it and need not join." }),
  "proxy-kubeconfig": file({ help: "How the proxy reaches the API server (as the node by default)." }),
  "dns-kubeconfig": file({ help: "How DNS reaches the API server; without it the node runs no DNS server." }),
  "storage-kubeconfig": file({
    help: "How the maker of volumes reaches the API server; without it the node makes no volumes for claims.",
  }),
  "storage-dir": file({ default: "/var/lib/kubets/volumes", help: "The folder of the volumes that it makes." }),
  "network-kubeconfig": file({
    help: "How the pod network reaches the API server; without it the node knows no network policies.",
  }),
  "dns-forward": bool({ help: "Ask the servers of resolv.conf for names outside the cluster." }),
  "node-name": text({ placeholder: "NAME", help: "The node's name (the host's by default)." }),
  "node-ip": list({
    placeholder: "ADDRESS",
    help: "The node's addresses, the first one first (the machine's own by default).",
  }),
  "pod-cidr": text({
    placeholder: "CIDR",
    help: "The addresses of this node's pods, where the pod network is somebody else's work.",
  }),
  "root-dir": file({ default: "/var/lib/kubelet", help: "The folder of the kubelet's own files." }),
  "pod-logs-dir": file({ default: "/var/log/pods", help: "The folder of container logs." }),
  "container-runtime-endpoint": text({
    placeholder: "URL",
    help: "The socket of a runtime that runs already; without it the node runs a containerd of its own.",
  }),
  "cgroup-root": text({ default: "/", placeholder: "PATH", help: "The cgroup below which all pods of the node are." }),
  "cluster-cidr": list({ placeholder: "CIDR", help: "The addresses of all pods." }),
  "service-cluster-ip-range": list({ placeholder: "CIDR", help: "The addresses of all services." }),
  "cluster-dns": list({ placeholder: "ADDRESS", help: "The address of the cluster's DNS service." }),
  "cluster-domain": text({
    default: "cluster.local",
    placeholder: "DOMAIN",
    help: "The domain of the cluster's names.",
  }),
  "cni-conf-dir": file({ default: "/etc/cni/net.d", help: "Where the runtime looks for the network's configuration." }),
  "node-labels": list({ placeholder: "KEY=VALUE", help: "Labels that the node registers with." }),
  "max-pods": int({ default: 110, min: 1, help: "How many pods the node takes." }),
  "feature-gates": text({ placeholder: "A=true,B=false", help: "Features of the kubelet to switch on or off." }),
  "tls-cert-file": file({ help: "The certificate that the kubelet serves with." }),
  "tls-private-key-file": file({ help: "The key of that certificate." }),
  "client-ca-file": file({ help: "The authority of those who may call the kubelet." }),
  v: int({ default: 0, short: "v", placeholder: "LEVEL", help: "How much is logged." }),
});
