/** Flags of kube-proxy that change nothing here, each with why; they are taken and told of, so that manifests work as they are. */
import { type Flag, text } from "@kubets/machinery/flags";

const REASONS: Readonly<Record<string, readonly string[]>> = {
  "services are never done by IPVS": [
    "ipvs-exclude-cidrs",
    "ipvs-min-sync-period",
    "ipvs-scheduler",
    "ipvs-strict-arp",
    "ipvs-sync-period",
    "ipvs-tcp-timeout",
    "ipvs-tcpfin-timeout",
    "ipvs-udp-timeout",
  ],
  "nothing here depends on it": [
    "bind-address-hard-fail",
    "log-flush-frequency",
    "log-json-info-buffer-size",
    "log-json-split-stream",
    "log-text-info-buffer-size",
    "log-text-split-stream",
    "profiling",
    "show-hidden-metrics-for-version",
    "vmodule",
  ],
};

export const unusedFlags: Readonly<Record<string, Flag<string>>> = Object.fromEntries(
  Object.entries(REASONS).flatMap(([why, names]) =>
    names.map((name) => [
      name,
      { ...text({ help: "Taken, and of no effect.", deprecated: why, hidden: true }), valueAlone: "true" },
    ]),
  ),
);
