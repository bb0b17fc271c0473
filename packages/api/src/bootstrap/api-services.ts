/** The APIServices of the groups that the server itself serves. */
import type { APIService } from "../generated/types/apiregistration-v1.ts";
import { groupPriority, versionPriority } from "../group-priority.ts";
import type { Input } from "../meta.ts";

/** "onstart" for the built-in groups, "true" for those of custom resources, which come and go. */
export function localApiService(group: string, version: string, automanaged: "onstart" | "true"): Input<APIService> {
  return {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: {
      name: `${version}.${group}`,
      labels: { "kube-aggregator.kubernetes.io/automanaged": automanaged },
    },
    spec: {
      ...(group && { group }),
      version,
      groupPriorityMinimum: groupPriority(group),
      versionPriority: versionPriority(group, version),
    },
  };
}

/** The aggregator's own group is served without one. */
export function builtInApiServices(served: readonly { group: string; version: string }[]): Input<APIService>[] {
  const names = new Map(served.map(({ group, version }) => [`${version}.${group}`, { group, version }]));
  names.delete("v1.apiregistration.k8s.io");
  return [...names.values()].map(({ group, version }) => localApiService(group, version, "onstart"));
}
