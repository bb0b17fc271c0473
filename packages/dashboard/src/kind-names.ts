/** The kinds that pages name themselves, and how kinds are named in lists of them: by resource and group, `pods`, `deployments.apps`. */
import type { KindName } from "./route.ts";

type GroupResource = Pick<KindName, "resource" | "group">;

export const fullName = ({ resource, group }: GroupResource): string => (group ? `${resource}.${group}` : resource);

export const isOneOf = (kind: GroupResource, names: readonly string[]): boolean => names.includes(fullName(kind));

const kind = (resource: string, version = "v1", group = ""): KindName => ({ group, version, resource });

export const EVENTS = kind("events");
export const NAMESPACES = kind("namespaces");
export const NODES = kind("nodes");
export const PODS = kind("pods");
export const SERVICES = kind("services");
export const CONFIG_MAPS = kind("configmaps");
export const SECRETS = kind("secrets");
export const CLAIMS = kind("persistentvolumeclaims");
export const QUOTAS = kind("resourcequotas");
export const LIMIT_RANGES = kind("limitranges");
export const DEPLOYMENTS = kind("deployments", "v1", "apps");
export const REPLICA_SETS = kind("replicasets", "v1", "apps");
export const STATEFUL_SETS = kind("statefulsets", "v1", "apps");
export const DAEMON_SETS = kind("daemonsets", "v1", "apps");
export const CONTROLLER_REVISIONS = kind("controllerrevisions", "v1", "apps");
export const JOBS = kind("jobs", "v1", "batch");
export const ENDPOINT_SLICES = kind("endpointslices", "v1", "discovery.k8s.io");
