/**
 * The words in which roles and bindings are written here: lists are texts with commas. All of them are marked as the server's own,
 * so that it repairs them at each start.
 */
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from "../generated/types/rbac-v1.ts";
import type { Input } from "../meta.ts";

const GROUP = "rbac.authorization.k8s.io";
const apiVersion = `${GROUP}/v1`;

const list = (text: string): string[] => text.split(",");

/** The rule of some verbs on resources of API groups, perhaps of certain names alone; the core group is the empty text. */
export const rule = (verbs: string, apiGroups: string, resources: string, names?: string): PolicyRule => ({
  verbs: list(verbs),
  apiGroups: list(apiGroups),
  resources: list(resources),
  ...(names !== undefined && { resourceNames: list(names) }),
});

/** The rule of some verbs on paths that are no resources. */
export const urls = (verbs: string, paths: string): PolicyRule => ({
  verbs: list(verbs),
  nonResourceURLs: list(paths),
});

/** What everyone needs who tells of what happened. */
export const recordEvents: PolicyRule = rule("create,patch,update", ",events.k8s.io", "events");

const metadata = (name: string, labels: Readonly<Record<string, string>> = {}) => ({
  name,
  labels: { "kubernetes.io/bootstrapping": "rbac-defaults", ...labels },
  annotations: { "rbac.authorization.kubernetes.io/autoupdate": "true" },
});

/** The label by which a role becomes a part of an aggregated one. */
export const aggregateTo = (name: string) => ({ [`${GROUP}/aggregate-to-${name}`]: "true" });

export const role = (
  name: string,
  rules: readonly PolicyRule[],
  labels?: Readonly<Record<string, string>>,
): Input<ClusterRole> => ({ apiVersion, kind: "ClusterRole", metadata: metadata(name, labels), rules });

/** A role whose rules are those of all roles that are labelled for it. */
export const aggregated = (
  name: string,
  from: string,
  labels?: Readonly<Record<string, string>>,
): Input<ClusterRole> => ({
  apiVersion,
  kind: "ClusterRole",
  metadata: metadata(name, labels),
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregateTo(from) }] },
});

export const namespacedRole = (namespace: string, name: string, rules: readonly PolicyRule[]): Input<Role> => ({
  apiVersion,
  kind: "Role",
  metadata: { ...metadata(name), namespace },
  rules,
});

export const user = (name: string): Subject => ({ kind: "User", apiGroup: GROUP, name });
export const group = (name: string): Subject => ({ kind: "Group", apiGroup: GROUP, name });
export const serviceAccount = (name: string): Subject => ({ kind: "ServiceAccount", name, namespace: "kube-system" });

/** The binding that has the name of its role. */
export const bound = (name: string, ...subjects: readonly Subject[]): Input<ClusterRoleBinding> => ({
  apiVersion,
  kind: "ClusterRoleBinding",
  metadata: metadata(name),
  ...(subjects.length && { subjects }),
  roleRef: { apiGroup: GROUP, kind: "ClusterRole", name },
});

export const boundTo = (
  { namespace, name, role: to }: { namespace: string; name: string; role: string },
  ...subjects: readonly Subject[]
): Input<RoleBinding> => ({
  apiVersion,
  kind: "RoleBinding",
  metadata: { ...metadata(name), namespace },
  subjects,
  roleRef: { apiGroup: GROUP, kind: "Role", name: to },
});
