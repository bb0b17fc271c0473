/** What the all-in-one server is told: where it keeps things, how nodes and people reach it, and the ranges of the cluster. */
import { bool, defineFlags, duration, file, int, list, text } from "@kubets/machinery/flags";

/** What `up` is told too, and hands on. */
export const clusterWideFlags = defineFlags({
  addons: list({
    default: ["dns", "metrics", "storage", "load-balancers"],
    help: "What is added to the cluster: dns, metrics (kubectl top, autoscaling), storage (a default StorageClass), load-balancers (addresses for services of that type), ingress (classes kubets and nginx; up turns it on when a port is published to it); none for nothing.",
  }),
  "controller-manager-arg": list({
    placeholder: "NAME=VALUE",
    help: "Flags of the controllers, as controller-manager has them.",
  }),
  "runtime-config": list({
    placeholder: "API=true",
    help: "APIs to serve beside the stable ones, or not: certificates.k8s.io/v1beta1, batch/v1/cronjobs=false.",
  }),
  "feature-gates": text({ placeholder: "A=true,B=false", help: "Features to switch on or off." }),
});

export const serverFlags = defineFlags({
  cluster: text({
    default: "default",
    placeholder: "NAME",
    help: "The cluster's name; its files are in ~/.kubets/NAME.",
  }),
  "bind-address": text({ default: "0.0.0.0", placeholder: "ADDRESS", help: "The address to listen on." }),
  "secure-port": int({ default: 6443, min: 0, max: 65535, placeholder: "PORT", help: "The port of HTTPS." }),
  "advertise-address": text({
    placeholder: "ADDRESS",
    help: "The address at which nodes and pods reach this server (the machine's own by default).",
  }),
  "listen-fd": list({
    placeholder: "FD",
    help: "Sockets that listen already, handed over by their numbers.",
    hidden: true,
  }),
  "kubeconfig-server": text({
    placeholder: "URL",
    help: "How people reach the server, for the kubeconfig that it writes.",
    hidden: true,
  }),
  "tls-san": list({ placeholder: "NAME", help: "More names and addresses for the serving certificate." }),
  "service-cluster-ip-range": text({
    default: "10.96.0.0/16",
    placeholder: "CIDR",
    help: "The addresses of services.",
  }),
  "service-node-port-range": text({
    default: "30000-32767",
    placeholder: "FROM-TO",
    help: "The node ports of services.",
  }),
  "cluster-cidr": text({
    default: "10.244.0.0/16",
    placeholder: "CIDR",
    help: "The addresses of pods; each node gets a part.",
  }),
  "load-balancer-range": list({
    placeholder: "CIDR",
    help: "Addresses for services of type LoadBalancer, one range for each family; without it they wait for somebody else's.",
  }),
  "cluster-domain": text({
    default: "cluster.local",
    placeholder: "DOMAIN",
    help: "The domain of the cluster's names.",
  }),
  "etcd-servers": list({ placeholder: "URL", help: "The etcd members to store in, instead of the embedded store." }),
  "etcd-cafile": file({ help: "The authority that etcd's certificates are checked by." }),
  "etcd-certfile": file({ help: "The certificate to show to etcd." }),
  "etcd-keyfile": file({ help: "The key of that certificate." }),
  server: text({
    placeholder: "URL",
    help: "Another server of the cluster, to join it; all servers store in the same etcd.",
  }),
  token: text({
    placeholder: "TOKEN",
    help: "The token to join with, or @FILE that holds it; `kubets token create --for-server` on the other server makes one.",
  }),
  "ca-hash": list({ placeholder: "sha256:HASH", help: "The hash of the key of the cluster's authority." }),
  "certificate-key": text({
    placeholder: "KEY",
    help: "What opens the keys that all servers share, or @FILE that holds it.",
  }),
  "certificate-lifetime": duration({
    default: 365 * 86_400_000,
    min: 60_000,
    help: "How long certificates are good: those of servers, and those that nodes ask for. All are renewed in time.",
  }),
  "disable-scheduler": bool({ help: "Leave scheduling to another process." }),
  controllers: list({
    default: ["*", "bootstrapsigner", "tokencleaner"],
    help: "The controllers to run: names, -NAME, and * for those that run by default.",
  }),
  ...clusterWideFlags,
  v: int({
    default: 0,
    short: "v",
    placeholder: "LEVEL",
    help: "How much is logged; 4 and more tell of each request.",
  }),
});
