/** The paths of the kinds that pages name themselves. */
import type { KindName } from "../route.ts";

const kind = (resource: string, version = "v1", group = ""): KindName => ({ group, version, resource });

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
export const JOBS = kind("jobs", "v1", "batch");
export const ENDPOINT_SLICES = kind("endpointslices", "v1", "discovery.k8s.io");
