/** The gates of v1.36: those by which this server decides something, and all others, which it takes because every component of a cluster is given the same. */
import { defineGates, type FeatureGates } from "@kubets/machinery/feature-gates";
import { kubernetesGates } from "@kubets/machinery/kubernetes-gates";

/** As the flag says; throws a FeatureGateError where a name or a value cannot be. Asked for a name that is none, the gates throw. */
export function featureGates(text: string): { gates: FeatureGates<string>; warnings: readonly string[] } {
  const gates = defineGates(kubernetesGates);
  gates.set(text);
  return { gates, warnings: gates.warnings };
}
