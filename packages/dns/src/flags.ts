/** The flags of `kubets dns`. */
import { choice, defineFlags, duration, type FlagValues, file, int, list, text } from "@kubets/machinery/flags";

export const dnsFlags = defineFlags({
  kubeconfig: file({ help: "How to reach the API server." }),
  "cluster-domain": text({ help: "The domain of the cluster.", default: "cluster.local" }),
  "bind-address": list({ help: "Where to listen.", default: ["0.0.0.0"] }),
  port: int({ help: "The port, of UDP and TCP.", default: 53, min: 0, max: 65_535 }),
  "resolv-conf": file({
    help: "Whose name servers answer for all other names; empty for none.",
    default: "/etc/resolv.conf",
  }),
  "service-ip": list({ help: "The addresses of the DNS service, for the zone's own records." }),
  ttl: duration({ help: "How long clients may keep an answer.", default: 5000, min: 0 }),
  "metrics-bind-address": text({ help: "Where /metrics, /health and /ready are served; empty for nowhere." }),
  "logging-format": choice(["text", "json"], { help: "How log lines look.", default: "text" }),
  v: int({ help: "How much to log: 4 and above is everything.", default: 0, short: "v" }),
});

export type DnsFlags = FlagValues<typeof dnsFlags>;
