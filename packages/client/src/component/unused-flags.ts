/** Flags that change nothing here, each with why: they are taken, so that what starts the original starts this too, and told of. */
import { bool, type Flag, text } from "@kubets/machinery/flags";

const GO = "it is about the Go program that the original is";
const LINES = "log lines are written one by one, to standard error";
const COUNTED = "all metrics are told, each under its current name";
const TOKENS = "who asks shows a token or a certificate of his own";
const TLS = "Node.js settles it, by --tls-min-version";
const VERSION = "it is v1.36 and no other";

const optionsOf = (why: string) => ({
  help: "Taken, and of no effect.",
  deprecated: `it has no effect: ${why}`,
  hidden: true,
});

type Reasons = Readonly<Record<string, string>>;

/** By name, with the reason of each. */
export const unused = (reasons: Reasons): Readonly<Record<string, Flag<string>>> =>
  Object.fromEntries(Object.entries(reasons).map(([name, why]) => [name, text(optionsOf(why))]));

/** Those that stand alone, without a value. */
export const unusedSwitches = (reasons: Reasons): Readonly<Record<string, Flag<boolean>>> =>
  Object.fromEntries(Object.entries(reasons).map(([name, why]) => [name, bool(optionsOf(why))]));

/** Those that every component of the control plane has. */
export const unusedComponentFlags = {
  ...unusedSwitches({
    "contention-profiling": GO,
    "disable-http2-serving": "both HTTP/1.1 and HTTP/2 are served",
    "emulation-forward-compatible": VERSION,
    "log-json-split-stream": LINES,
    "log-text-split-stream": LINES,
    "permit-address-sharing": "the port is its own",
    "permit-port-sharing": "the port is its own",
    profiling: GO,
  }),
  ...unused({
    "allow-metric-labels": COUNTED,
    "allow-metric-labels-manifest": COUNTED,
    "cert-dir": "a certificate that is made is kept in memory",
    "emulated-version": VERSION,
    "http2-max-streams-per-connection": TLS,
    "log-flush-frequency": LINES,
    "log-json-info-buffer-size": LINES,
    "log-text-info-buffer-size": LINES,
    "min-compatibility-version": VERSION,
    "requestheader-allowed-names": TOKENS,
    "requestheader-client-ca-file": TOKENS,
    "requestheader-extra-headers-prefix": TOKENS,
    "requestheader-group-headers": TOKENS,
    "requestheader-uid-headers": TOKENS,
    "requestheader-username-headers": TOKENS,
    "show-hidden-metrics-for-version": COUNTED,
    "tls-curve-preferences": TLS,
    "tls-sni-cert-key": "one certificate is served to all",
    vmodule: "--v is for all of it",
  }),
};
