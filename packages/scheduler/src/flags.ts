/**
 * The flags of `kubets scheduler`: those of kube-scheduler, by its names. Those that only set what the configuration file sets as well are
 * not there; what concerns the serving port, certificates and logs is every component's, and stands with the program.
 */
import { bool, defineFlags, duration, type FlagValues, file, int, list, text } from "@kubets/machinery/flags";

export const schedulerFlags = defineFlags({
  config: file({ help: "The KubeSchedulerConfiguration file.", group: "Misc" }),
  kubeconfig: file({ help: "How to reach the API server.", group: "Misc" }),
  master: text({ help: "The address of the API server; stands above the one in the kubeconfig.", group: "Misc" }),
  "authentication-kubeconfig": file({
    help: "How to reach the API server that reviews tokens of requests to this scheduler.",
    group: "Authentication",
  }),
  "authorization-kubeconfig": file({
    help: "How to reach the API server that reviews access of requests to this scheduler.",
    group: "Authorization",
  }),
  "authorization-always-allow-paths": list({
    help: "Paths that anyone may ask for.",
    default: ["/healthz", "/readyz", "/livez"],
    group: "Authorization",
  }),
  "bind-address": text({ help: "Where to serve.", default: "0.0.0.0", group: "Secure serving" }),
  "secure-port": int({
    help: "The port to serve HTTPS on; 0 serves nothing.",
    default: 10259,
    group: "Secure serving",
  }),
  "tls-cert-file": file({ help: "The certificate to serve with.", group: "Secure serving" }),
  "tls-private-key-file": file({ help: "Its key.", group: "Secure serving" }),
  "leader-elect": bool({ help: "Schedule only while holding the lease.", default: true, group: "Leader election" }),
  "leader-elect-lease-duration": duration({ help: "How long others wait.", default: 15_000, group: "Leader election" }),
  "leader-elect-renew-deadline": duration({ help: "When to give up.", default: 10_000, group: "Leader election" }),
  "leader-elect-retry-period": duration({ help: "How often to try.", default: 2000, group: "Leader election" }),
  "leader-elect-resource-lock": text({
    help: "What kind of object is held.",
    default: "leases",
    group: "Leader election",
  }),
  "leader-elect-resource-name": text({ help: "Its name.", default: "kube-scheduler", group: "Leader election" }),
  "leader-elect-resource-namespace": text({ help: "Its namespace.", default: "kube-system", group: "Leader election" }),
  "pod-max-in-unschedulable-pods-duration": duration({
    help: "After so long a pod that fits nowhere is tried again without a cause.",
    default: 300_000,
    deprecated: "it will be removed without replacement",
    group: "Deprecated",
  }),
});

export type SchedulerFlags = FlagValues<typeof schedulerFlags>;
