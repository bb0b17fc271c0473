/** What a node's agent is told: who it is, how it reaches the cluster, its runtime, and where it keeps things. */
import { bool, defineFlags, file, int, list, text } from "@kubets/machinery/flags";

export const agentFlags = defineFlags({
  kubeconfig: file({ required: true, help: "How the node reaches the API server." }),
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
  "node-ip": list({ placeholder: "ADDRESS", help: "The node's addresses, the first one first." }),
  "pod-cidr": text({
    placeholder: "CIDR",
    help: "The addresses of this node's pods, where nobody else hands them out.",
  }),
  "root-dir": file({ default: "/var/lib/kubelet", help: "The folder of the kubelet's own files." }),
  "pod-logs-dir": file({ default: "/var/log/pods", help: "The folder of container logs." }),
  "container-runtime-endpoint": text({
    default: "unix:///run/containerd/containerd.sock",
    placeholder: "URL",
    help: "The runtime's socket.",
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
  "tls-cert-file": file({ help: "The certificate that the kubelet serves with." }),
  "tls-private-key-file": file({ help: "The key of that certificate." }),
  "client-ca-file": file({ help: "The authority of those who may call the kubelet." }),
  v: int({ default: 0, short: "v", placeholder: "LEVEL", help: "How much is logged." }),
});
