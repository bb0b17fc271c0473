/** What `kubets up` is told. */
import { bool, defineFlags, int, list, text } from "@kubets/machinery/flags";
import { clusterWideFlags } from "../server/options.ts";

export const MOST_REAL_NODES = 100;
const MOST_SIMULATED_NODES = 1000;

export const clusterFlag = text({
  default: "default",
  placeholder: "NAME",
  help: "The cluster's name; its files are in ~/.kubets/NAME.",
});

export const upFlags = defineFlags({
  cluster: clusterFlag,
  nodes: int({
    default: 0,
    min: 0,
    max: MOST_SIMULATED_NODES,
    placeholder: "N",
    help: `How many nodes (as many as last time, or one): up to ${MOST_REAL_NODES}, or ${MOST_SIMULATED_NODES} simulated ones.`,
  }),
  port: int({
    default: 6443,
    min: 0,
    max: 65535,
    placeholder: "PORT",
    help: "The API server's port on this machine's loopback; 0 takes a free one.",
  }),
  publish: list({
    placeholder: "HOST:PORT[/SERVICE]",
    help: "Ports of this machine that lead to a service (8080:80/web, or 8080:80/web.NAMESPACE) or to the ingress (8080:80, 8443:443).",
  }),
  detach: bool({ short: "d", help: "Go on in the background once the cluster is ready." }),
  uplink: bool({ default: true, help: "Let pods reach the world through this machine." }),
  "no-uplink": bool({ help: "The same as --uplink=false." }),
  simulated: bool({ help: "Simulated nodes: no root and no containers needed; nothing runs inside of them." }),
  "dual-stack": bool({ help: "IPv4 and IPv6 for nodes, pods and services, for a new cluster of real nodes." }),
  "service-cluster-ip-range": text({
    placeholder: "CIDR[,CIDR]",
    help: "The addresses of services, for a new cluster; IPv4, or IPv4 and IPv6.",
  }),
  "load-balancer-range": text({
    placeholder: "CIDR[,CIDR]",
    help: "The addresses of services of type LoadBalancer, for a new cluster; they are reached from this machine, too.",
  }),
  ...clusterWideFlags,
  "cluster-cidr": text({
    placeholder: "CIDR[,CIDR]",
    help: "The addresses of pods, for a new cluster; IPv4, or IPv4 and IPv6.",
  }),
});
