/** Flags of kube-controller-manager that change nothing here, each with why; they are taken and told of, not refused. */
import { type Flag, text } from "@kubets/machinery/flags";

const REASONS: Readonly<Record<string, readonly string[]>> = {
  "how many objects are worked on at once is set where the work is": [
    ..."cron-job daemonset deployment endpoint ephemeralvolume horizontal-pod-autoscaler job namespace rc replicaset"
      .split(" ")
      .map((name) => `concurrent-${name}-syncs`),
    ..."resource-quota service-endpoint service serviceaccount-token statefulset ttl-after-finished"
      .split(" ")
      .map((name) => `concurrent-${name}-syncs`),
    "concurrent-validating-admission-policy-status-syncs",
    "mirroring-concurrent-service-endpoint-syncs",
  ],
  "changes are acted on as they come": [
    "attach-detach-reconcile-sync-period",
    "controller-start-interval",
    "endpoint-updates-batch-period",
    "endpointslice-updates-batch-period",
    "min-resync-period",
    "mirroring-endpointslice-updates-batch-period",
    "namespace-sync-period",
    "route-reconciliation-period",
  ],
  "controllers for a cloud are a program of their own": [
    "allow-untagged-cloud",
    "cloud-config",
    "cloud-provider",
    "cluster-name",
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
  "no controller here depends on it": [
    "enable-garbage-collector",
    "feature-gates",
    "service-cluster-ip-range",
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
