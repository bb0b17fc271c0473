/** The flags of `kubets ingress`; where ingress-nginx has the same one, by its name. */
import { bool, choice, defineFlags, duration, type FlagValues, file, int, list, text } from "@kubets/machinery/flags";

const LISTENING = "Listening";
const CLASS = "Which ingresses";
const STATUS = "Status";

export const ingressFlags = defineFlags({
  kubeconfig: file({ help: "How to reach the API server; as a pod's service account when absent." }),

  "bind-address": text({ help: "Where to listen.", default: "0.0.0.0", group: LISTENING }),
  "http-port": int({ help: "The port of HTTP.", default: 80, min: 0, max: 65_535, group: LISTENING }),
  "https-port": int({ help: "The port of HTTPS.", default: 443, min: 0, max: 65_535, group: LISTENING }),
  "public-https-port": int({
    help: "The port at which clients reach HTTPS, for redirects; 0 for that at which this listens.",
    default: 0,
    min: 0,
    max: 65_535,
    group: LISTENING,
  }),
  "http-fd": list({ help: "Sockets that listen already.", placeholder: "FD", hidden: true }),
  "https-fd": list({ help: "Sockets that listen already.", placeholder: "FD", hidden: true }),
  "reuse-port": bool({ help: "Share the ports with other processes of this kind.", group: LISTENING }),
  "default-ssl-certificate": text({
    help: "The secret with the certificate for names that have none of their own.",
    placeholder: "NAMESPACE/NAME",
    group: LISTENING,
  }),
  "shutdown-grace-period": duration({
    help: "How long requests may go on after a stop.",
    default: 10_000,
    group: LISTENING,
  }),

  "controller-class": text({
    help: "The controller of the IngressClasses that are served.",
    default: "kubets.io/ingress",
    group: CLASS,
  }),
  "ingress-class": text({
    help: "The name that the annotation kubernetes.io/ingress.class may say, or a class name without a class.",
    default: "kubets",
    group: CLASS,
  }),
  "watch-ingress-without-class": bool({ help: "Serve ingresses that name no class.", group: CLASS }),

  "publish-service": text({
    help: "The service by which the ingress is reached, whose addresses become the status of ingresses.",
    placeholder: "NAMESPACE/NAME",
    group: STATUS,
  }),
  "publish-status-address": list({ help: "Addresses or names to say instead.", group: STATUS }),
  "update-status": bool({ help: "Write the status and events of ingresses.", default: true, group: STATUS }),
  "election-id": text({ help: "The lease of who does that.", default: "ingress-controller-leader", group: STATUS }),
  "election-namespace": text({ help: "Its namespace.", default: "kube-system", group: STATUS }),

  "healthz-bind-address": text({
    help: "Where /healthz and /metrics are served; empty for nowhere.",
    default: "127.0.0.1:10254",
  }),
  "logging-format": choice(["text", "json"], { help: "How log lines look.", default: "text" }),
  v: int({ help: "How much to log: 4 and above tells of each server that failed a request.", default: 0, short: "v" }),
});

export type IngressFlags = FlagValues<typeof ingressFlags>;
