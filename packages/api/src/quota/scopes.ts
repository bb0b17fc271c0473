/** Whether a quota counts an object at all: its scopes, of which each must match. */
import type {
  PersistentVolumeClaim,
  Pod,
  ResourceQuota,
  ScopedResourceSelectorRequirement,
} from "../generated/types/core-v1.ts";
import type { KubeObject } from "../meta.ts";
import { computeQosClass } from "../pod/qos.ts";

/** Quotas with scopes count pods, and claims, alone. */
export function countsObject({ spec }: ResourceQuota, resource: string, object: KubeObject): boolean {
  const wanted: readonly Requirement[] = [
    ...(spec.scopes ?? []).map((scopeName) => ({ scopeName, operator: "Exists" })),
    ...(spec.scopeSelector?.matchExpressions ?? []),
  ];
  if (wanted.length === 0) return true;
  if (resource === "pods") return wanted.every((requirement) => podMatches(requirement, object as Pod));
  if (resource !== "persistentvolumeclaims") return false;
  return wanted.every((requirement) => claimMatches(requirement, object as PersistentVolumeClaim));
}

type Requirement = Pick<ScopedResourceSelectorRequirement, "scopeName" | "operator" | "values">;

function podMatches(requirement: Requirement, { spec }: Pod): boolean {
  switch (requirement.scopeName) {
    case "Terminating":
      return spec.activeDeadlineSeconds !== undefined;
    case "NotTerminating":
      return spec.activeDeadlineSeconds === undefined;
    case "BestEffort":
      return computeQosClass(spec) === "BestEffort";
    case "NotBestEffort":
      return computeQosClass(spec) !== "BestEffort";
    case "PriorityClass":
      return valueMatches(requirement, spec.priorityClassName ?? "");
    case "CrossNamespacePodAffinity":
      return crossesNamespaces(spec.affinity);
    default:
      return false;
  }
}

const claimMatches = (requirement: Requirement, { spec }: PersistentVolumeClaim): boolean =>
  requirement.scopeName === "VolumeAttributesClass" && valueMatches(requirement, spec.volumeAttributesClassName ?? "");

/** Exactly one value must not be said for "Exists"; what has no value matches only its absence. */
function valueMatches({ operator, values = [] }: Requirement, value: string): boolean {
  switch (operator) {
    case "Exists":
      return value !== "";
    case "DoesNotExist":
      return value === "";
    case "In":
      return values.includes(value);
    case "NotIn":
      return !values.includes(value);
    default:
      return false;
  }
}

interface AffinityTerm {
  readonly namespaces?: readonly string[];
  readonly namespaceSelector?: unknown;
}

function crossesNamespaces(affinity: Pod["spec"]["affinity"]): boolean {
  const terms: AffinityTerm[] = [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((kind) => [
    ...(kind?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(kind?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((weighted) => weighted.podAffinityTerm),
  ]);
  return terms.some((term) => Boolean(term.namespaces?.length) || term.namespaceSelector !== undefined);
}
