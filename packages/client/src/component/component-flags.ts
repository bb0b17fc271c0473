/** The flags that every component of the control plane has, by Kubernetes' names: connection, serving, who may ask, leader election, logs. */
import { bool, choice, defineFlags, duration, type FlagValues, file, int, list, text } from "@kubets/machinery/flags";

const CONNECTION = "Connection";
const SERVING = "Secure serving";
const ACCESS = "Authentication and authorization";
const ELECTION = "Leader election";
const LOGS = "Logs";

const UNUSED = "requests are not held back, and what is sent is chosen by what is sent";

/** With the port and the lease's name that belong to a component. */
export const componentFlags = (port: number, lease: string) =>
  defineFlags({
    kubeconfig: file({
      help: "How to reach the API server; as a pod's service account when absent.",
      group: CONNECTION,
    }),
    master: text({
      placeholder: "URL",
      help: "The address of the API server; stands above the one in the kubeconfig.",
      group: CONNECTION,
    }),
    "kube-api-qps": text({ help: "Taken, and of no effect.", deprecated: UNUSED, group: CONNECTION }),
    "kube-api-burst": text({ help: "Taken, and of no effect.", deprecated: UNUSED, group: CONNECTION }),
    "kube-api-content-type": text({ help: "Taken, and of no effect.", deprecated: UNUSED, group: CONNECTION }),

    "bind-address": text({ help: "Where to serve.", default: "0.0.0.0", group: SERVING }),
    "secure-port": int({ help: "The port to serve HTTPS on; 0 serves nothing.", default: port, group: SERVING }),
    "tls-cert-file": file({ help: "The certificate to serve with; one is made when absent.", group: SERVING }),
    "tls-private-key-file": file({ help: "Its key.", group: SERVING }),
    "tls-min-version": choice(["VersionTLS12", "VersionTLS13"], {
      default: "VersionTLS12",
      help: "The oldest TLS that is spoken.",
      group: SERVING,
    }),
    "tls-cipher-suites": list({
      help: "The cipher suites of TLS 1.2 to offer; those that OpenSSL holds to be good when absent.",
      group: SERVING,
    }),
    "disabled-metrics": list({
      placeholder: "NAME",
      help: "Metrics that are not told.",
      group: SERVING,
    }),

    "client-ca-file": file({ help: "The authority of client certificates.", group: ACCESS }),
    "authentication-kubeconfig": file({
      help: "How to reach the API server that reviews tokens; as for everything else when absent.",
      group: ACCESS,
    }),
    "authentication-skip-lookup": bool({
      help: "Do not ask the cluster for the authority of client certificates.",
      group: ACCESS,
    }),
    "authentication-tolerate-lookup-failure": bool({
      default: true,
      help: "Go on when the cluster does not tell it.",
      group: ACCESS,
    }),
    "authentication-token-webhook-cache-ttl": duration({
      default: 10_000,
      help: "How long a reviewed token is kept.",
      group: ACCESS,
    }),
    "authorization-kubeconfig": file({
      help: "How to reach the API server that reviews access; as for everything else when absent.",
      group: ACCESS,
    }),
    "authorization-always-allow-paths": list({
      default: ["/healthz", "/readyz", "/livez"],
      help: "Paths that anyone may ask for.",
      group: ACCESS,
    }),
    "authorization-webhook-cache-authorized-ttl": duration({
      default: 10_000,
      help: "How long a yes is kept.",
      group: ACCESS,
    }),
    "authorization-webhook-cache-unauthorized-ttl": duration({
      default: 10_000,
      help: "How long a no is kept.",
      group: ACCESS,
    }),

    "leader-elect": bool({ default: true, help: "Work only while holding the lease.", group: ELECTION }),
    "leader-elect-lease-duration": duration({
      default: 15_000,
      help: "How long others wait before they take over.",
      group: ELECTION,
    }),
    "leader-elect-renew-deadline": duration({
      default: 10_000,
      help: "How long to try to renew before giving up.",
      group: ELECTION,
    }),
    "leader-elect-retry-period": duration({ default: 2000, help: "How often to try.", group: ELECTION }),
    "leader-elect-resource-lock": choice(["leases"], {
      default: "leases",
      help: "What kind of object is held.",
      group: ELECTION,
    }),
    "leader-elect-resource-name": text({ default: lease, help: "The name of the lease.", group: ELECTION }),
    "leader-elect-resource-namespace": text({
      default: "kube-system",
      help: "The namespace of the lease.",
      group: ELECTION,
    }),

    "logging-format": choice(["text", "json"], { default: "text", help: "How log lines look.", group: LOGS }),
    v: int({
      default: 0,
      short: "v",
      placeholder: "LEVEL",
      help: "How much is logged; 4 and more tell of each retry.",
      group: LOGS,
    }),
  });

export type ComponentFlags = FlagValues<ReturnType<typeof componentFlags>>;
