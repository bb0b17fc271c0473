/**
 * Which group and version clients take first: the priorities of the built-in groups, as their APIServices carry them. Groups that the
 * table does not know (custom resources) come after it.
 */

interface Priority {
  readonly group: number;
  readonly versions: Readonly<Record<string, number>>;
}

const v1: Priority["versions"] = { v1: 15 };

const PRIORITIES: Readonly<Record<string, Priority>> = {
  "": { group: 18000, versions: { v1: 1 } },
  "apiregistration.k8s.io": { group: 18000, versions: { v1: 18 } },
  apps: { group: 17800, versions: v1 },
  "events.k8s.io": { group: 17750, versions: v1 },
  "authentication.k8s.io": { group: 17700, versions: v1 },
  "authorization.k8s.io": { group: 17600, versions: v1 },
  autoscaling: { group: 17500, versions: { v2: 30, v1: 15 } },
  batch: { group: 17400, versions: v1 },
  "certificates.k8s.io": { group: 17300, versions: { v1: 15, v1beta1: 9, v1alpha1: 1 } },
  "networking.k8s.io": { group: 17200, versions: { v1: 15, v1beta1: 9 } },
  policy: { group: 17100, versions: v1 },
  "rbac.authorization.k8s.io": { group: 17000, versions: v1 },
  "storage.k8s.io": { group: 16800, versions: { v1: 15, v1beta1: 9 } },
  "admissionregistration.k8s.io": { group: 16700, versions: { v1: 15, v1beta1: 12, v1alpha1: 9 } },
  "apiextensions.k8s.io": { group: 16700, versions: v1 },
  "scheduling.k8s.io": { group: 16600, versions: { v1: 15, v1alpha2: 9 } },
  "coordination.k8s.io": { group: 16500, versions: { v1: 15, v1beta1: 13, v1alpha2: 12 } },
  "node.k8s.io": { group: 16300, versions: v1 },
  "discovery.k8s.io": { group: 16200, versions: v1 },
  "resource.k8s.io": { group: 16200, versions: { v1: 21, v1beta2: 15, v1beta1: 9, v1alpha3: 1 } },
  "flowcontrol.apiserver.k8s.io": { group: 16100, versions: { v1: 21 } },
  "internal.apiserver.k8s.io": { group: 16000, versions: { v1alpha1: 9 } },
  "storagemigration.k8s.io": { group: 15800, versions: { v1beta1: 9 } },
};

/** What the APIService of a custom resource's group and version gets. */
const CUSTOM_GROUP = 1000;
const CUSTOM_VERSION = 100;

export const groupPriority = (group: string): number => PRIORITIES[group]?.group ?? CUSTOM_GROUP;
export const versionPriority = (group: string, version: string): number =>
  PRIORITIES[group]?.versions[version] ?? CUSTOM_VERSION;

/** The order of groups: by priority, then by name. */
export const compareGroups = (a: string, b: string): number =>
  groupPriority(b) - groupPriority(a) || (a < b ? -1 : a > b ? 1 : 0);

/** The order of a group's versions: by priority, then as people count them. */
export const compareVersionsOf = (group: string) => (a: string, b: string) =>
  versionPriority(group, b) - versionPriority(group, a) || compareVersions(a, b);

/** Newest first: v2, v1, v2beta1, v1beta2, v1alpha1, then whatever is not such a version, by name. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [versionRank(a), versionRank(b)];
  if (!left || !right) return left ? -1 : right ? 1 : a < b ? -1 : a > b ? 1 : 0;
  for (let i = 0; i < left.length; i++) {
    const difference = (right[i] as number) - (left[i] as number);
    if (difference) return difference;
  }
  return 0;
}

function versionRank(version: string): number[] | undefined {
  const [, major, stage, minor] = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(version) ?? [];
  if (!major) return undefined;
  return [stage === undefined ? 2 : stage === "beta" ? 1 : 0, Number(major), Number(minor ?? 0)];
}
