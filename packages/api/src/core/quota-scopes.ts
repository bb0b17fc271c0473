/** The scopes of quotas: which pods, or claims, a quota counts. */
const PODS = ["pods"];
const COMPUTE = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];
const CLAIMS = ["persistentvolumeclaims", "requests.storage"];

const COUNTED: Readonly<Record<string, readonly string[]>> = {
  Terminating: [...PODS, ...COMPUTE],
  NotTerminating: [...PODS, ...COMPUTE],
  BestEffort: PODS,
  NotBestEffort: [...PODS, ...COMPUTE],
  PriorityClass: [...PODS, ...COMPUTE],
  CrossNamespacePodAffinity: [...PODS, ...COMPUTE],
  VolumeAttributesClass: CLAIMS,
};

export const isScope = (name: string): boolean => Object.hasOwn(COUNTED, name);

/** What is no scope is told so once, and not again for each resource. */
export const scopeCounts = (scope: string, resource: string): boolean =>
  !isScope(scope) || (COUNTED[scope] as readonly string[]).includes(resource);

export const CONFLICTING_SCOPES: readonly (readonly [string, string])[] = [
  ["BestEffort", "NotBestEffort"],
  ["Terminating", "NotTerminating"],
];

/** Scopes that have no values. */
export const EXISTS_ONLY: readonly string[] = [
  "BestEffort",
  "NotBestEffort",
  "Terminating",
  "NotTerminating",
  "CrossNamespacePodAffinity",
];
