/** /metrics/probes: how often each probe of each container passed and failed. Pure. */
import type { Exposable } from "@kubets/machinery/metrics";
import { exposition } from "./exposition.ts";

export interface ProbeCount {
  readonly labels: Readonly<Record<"container" | "namespace" | "pod" | "pod_uid" | "probe_type" | "result", string>>;
  readonly value: number;
}

export const probeMetrics = (counts: readonly ProbeCount[]): Exposable =>
  exposition([
    {
      name: "prober_probe_total",
      kind: "counter",
      help: "[BETA] Cumulative number of a liveness, readiness or startup probe for a container by result.",
      samples: counts,
    },
  ]);
