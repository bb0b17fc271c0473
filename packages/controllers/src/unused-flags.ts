/** Flags of kube-controller-manager that change nothing here, each with why; they are taken and told of, not refused. */
import { type Flag, text } from "@kubets/machinery/flags";

const REASONS: Readonly<Record<string, readonly string[]>> = {
  "changes are acted on as they come": [
    "attach-detach-reconcile-sync-period",
    "controller-start-interval",
    "disable-attach-detach-reconcile-sync",
    "min-resync-period",
    "namespace-sync-period",
    "route-reconciliation-period",
  ],
  "controllers for a cloud are a program of their own": [
    "allow-untagged-cloud",
    "cidr-allocator-type",
    "cloud-config",
    "cloud-provider",
    "cluster-name",
    "concurrent-service-syncs",
    "configure-cloud-routes",
    "external-cloud-volume-plugin",
  ],
  "requests through a front proxy are not taken": [
    "requestheader-allowed-names",
    "requestheader-client-ca-file",
    "requestheader-extra-headers-prefix",
    "requestheader-group-headers",
    "requestheader-uid-headers",
    "requestheader-username-headers",
  ],
  "volumes are made and emptied by drivers": [
    "enable-hostpath-provisioner",
    "flex-volume-plugin-dir",
    "pv-recycler-increment-timeout-nfs",
    "pv-recycler-minimum-timeout-hostpath",
    "pv-recycler-minimum-timeout-nfs",
    "pv-recycler-pod-template-filepath-hostpath",
    "pv-recycler-pod-template-filepath-nfs",
    "pv-recycler-timeout-increment-hostpath",
    "volume-host-allow-local-loopback",
    "volume-host-cidr-denylist",
  ],
  "no controller here depends on it": [
    "disable-http2-serving",
    "emulated-version",
    "emulation-forward-compatible",
    "enable-leader-migration",
    "leader-migration-config",
    "min-compatibility-version",
    "contention-profiling",
    "profiling",
    "log-flush-frequency",
    "vmodule",
    "permit-address-sharing",
    "permit-port-sharing",
    "http2-max-streams-per-connection",
    "cert-dir",
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
