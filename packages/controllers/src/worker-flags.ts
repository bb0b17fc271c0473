/** How many objects each controller works on at once: the flags, and whom they speak of. */
import { type Flag, int } from "@kubets/machinery/flags";

/** Flag, controller, and what it is when nobody says. */
const FLAGS: readonly (readonly [flag: string, controller: string, workers: number])[] = [
  ["concurrent-cron-job-syncs", "cronjob-controller", 5],
  ["concurrent-daemonset-syncs", "daemonset-controller", 2],
  ["concurrent-deployment-syncs", "deployment-controller", 5],
  ["concurrent-device-taint-eviction-syncs", "device-taint-eviction-controller", 8],
  ["concurrent-endpoint-syncs", "endpoints-controller", 5],
  ["concurrent-ephemeralvolume-syncs", "ephemeral-volume-controller", 5],
  ["concurrent-gc-syncs", "garbage-collector-controller", 20],
  ["concurrent-horizontal-pod-autoscaler-syncs", "horizontal-pod-autoscaler-controller", 5],
  ["concurrent-job-syncs", "job-controller", 5],
  ["concurrent-namespace-syncs", "namespace-controller", 10],
  ["concurrent-rc-syncs", "replicationcontroller-controller", 5],
  ["concurrent-replicaset-syncs", "replicaset-controller", 5],
  ["concurrent-resource-quota-syncs", "resourcequota-controller", 5],
  ["concurrent-resourceclaim-syncs", "resourceclaim-controller", 10],
  ["concurrent-service-endpoint-syncs", "endpointslice-controller", 5],
  ["concurrent-serviceaccount-token-syncs", "serviceaccount-token-controller", 5],
  ["concurrent-statefulset-syncs", "statefulset-controller", 5],
  ["concurrent-ttl-after-finished-syncs", "ttl-after-finished-controller", 5],
  ["concurrent-validating-admission-policy-status-syncs", "validatingadmissionpolicy-status-controller", 5],
  ["mirroring-concurrent-service-endpoint-syncs", "endpointslice-mirroring-controller", 5],
];

export const workerFlags: Readonly<Record<string, Flag<number>>> = Object.fromEntries(
  FLAGS.map(([name, controller, workers]) => [
    name,
    int({ default: workers, min: 1, help: `Objects that the ${controller} works on at once.`, group: "Workers" }),
  ]),
);

/** By controller. */
export const workersOf = (flags: Readonly<Record<string, unknown>>): Record<string, number> =>
  Object.fromEntries(FLAGS.map(([flag, controller]) => [controller, Number(flags[flag])]));
