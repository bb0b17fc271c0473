/** Tells which features are on, by Kubernetes' own name for that. */
import type { FeatureGates } from "./feature-gates.ts";
import type { MetricsRegistry } from "./metrics.ts";

const STAGES = { alpha: "ALPHA", beta: "BETA", ga: "", deprecated: "DEPRECATED" } as const;

export function featureMetrics(registry: MetricsRegistry, gates: Pick<FeatureGates<string>, "all">): void {
  const on = registry.gauge({
    name: "kubernetes_feature_enabled",
    help: "Whether a feature is on (1), with its stage.",
    labels: ["name", "stage"],
  });
  for (const { name, stage, enabled } of gates.all()) on.values(name, STAGES[stage]).set(enabled ? 1 : 0);
}
