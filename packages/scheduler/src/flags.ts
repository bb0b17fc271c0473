/** The flags of `kubets scheduler`: those of kube-scheduler, by its names. */
import { componentFlags } from "@kubets/client/component/component-flags";
import { bool, defineFlags, duration, type Flag, type FlagValues, file, list, text } from "@kubets/machinery/flags";

const GO = "it is about the Go program that kube-scheduler is";
const LINES = "log lines are written one by one, to standard error";
const COUNTED = "all metrics are told, each under its current name";
const TOKENS = "who asks shows a token or a certificate of his own";
const TLS = "Node.js settles it, by --tls-min-version";

/** What kube-scheduler takes and nothing here depends on, with the reason; who uses one is told. */
const WITHOUT_EFFECT = {
  "allow-metric-labels": COUNTED,
  "allow-metric-labels-manifest": COUNTED,
  "cert-dir": "a certificate that is made is kept in memory",
  "contention-profiling": GO,
  "disable-http2-serving": "both HTTP/1.1 and HTTP/2 are served",
  "disabled-metrics": COUNTED,
  "emulated-version": "it is v1.36 and no other",
  "emulation-forward-compatible": "it is v1.36 and no other",
  "http2-max-streams-per-connection": TLS,
  "log-flush-frequency": LINES,
  "log-json-info-buffer-size": LINES,
  "log-json-split-stream": LINES,
  "log-text-info-buffer-size": LINES,
  "log-text-split-stream": LINES,
  "min-compatibility-version": "it is v1.36 and no other",
  "permit-address-sharing": "the port is its own",
  "permit-port-sharing": "the port is its own",
  profiling: GO,
  "requestheader-allowed-names": TOKENS,
  "requestheader-client-ca-file": TOKENS,
  "requestheader-extra-headers-prefix": TOKENS,
  "requestheader-group-headers": TOKENS,
  "requestheader-uid-headers": TOKENS,
  "requestheader-username-headers": TOKENS,
  "show-hidden-metrics-for-version": COUNTED,
  "tls-cipher-suites": TLS,
  "tls-curve-preferences": TLS,
  "tls-sni-cert-key": "one certificate is served to all",
  vmodule: "--v is for all of it",
} as const;

/** Those of them that stand alone, without a value. */
const SWITCHES = new Set([
  "contention-profiling",
  "disable-http2-serving",
  "emulation-forward-compatible",
  "log-json-split-stream",
  "log-text-split-stream",
  "permit-address-sharing",
  "permit-port-sharing",
  "profiling",
]);

const withoutEffect = Object.fromEntries(
  Object.entries(WITHOUT_EFFECT).map(([name, reason]) => {
    const options = { help: "Taken, and of no effect.", deprecated: `it has no effect: ${reason}` };
    return [name, SWITCHES.has(name) ? bool(options) : text(options)];
  }),
) as Readonly<Record<keyof typeof WITHOUT_EFFECT, Flag<string | boolean>>>;

export const schedulerFlags = defineFlags({
  config: file({ help: "The KubeSchedulerConfiguration file.", group: "Scheduling" }),
  "write-config-to": file({
    help: "Write the configuration, with its defaults, to this file, and end.",
    group: "Scheduling",
  }),
  ...componentFlags(10_259, "kube-scheduler"),
  "feature-gates": list({
    placeholder: "GATE=true|false",
    help: "Features to switch on or off, by the names of v1.36; one that another component reads is taken and changes nothing.",
    group: "Scheduling",
  }),
  "pod-max-in-unschedulable-pods-duration": duration({
    help: "After so long a pod that fits nowhere is tried again without a cause.",
    default: 300_000,
    deprecated: "it will be removed without replacement",
    group: "Deprecated",
  }),
  ...withoutEffect,
});

export type SchedulerFlags = FlagValues<typeof schedulerFlags>;
