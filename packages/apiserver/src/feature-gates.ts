/** The gates of v1.36: those by which this server decides something, and all others, which it takes because every component of a cluster is given the same. */
import { defineGates, type FeatureGates, parseGates } from "@kubets/machinery/feature-gates";
import { missingFeatures } from "@kubets/machinery/given-gates";
import { kubernetesGates } from "@kubets/machinery/kubernetes-gates";

/** What the original's server could do besides, and this one does not: who opens one of them is told. */
export const NOT_THERE: readonly string[] = [
  "AllowUnsafeMalformedObjectDeletion",
  "CRDObservedGenerationTracking",
  "ShardedListAndWatch",
  "StorageVersionAPI",
];

/** As the flag says; throws a FeatureGateError where a name or a value cannot be. Asked for a name that is none, the gates throw. */
export function featureGates(text: string): { gates: FeatureGates<string>; warnings: readonly string[] } {
  const gates = defineGates(kubernetesGates);
  gates.set(text);
  return { gates, warnings: [...gates.warnings, ...missingFeatures(NOT_THERE, parseGates(text))] };
}
