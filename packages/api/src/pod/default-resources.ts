/** Requests that nobody wrote are the limits; a pod with resources of its own gets the requests of its containers. */
import { parseQuantity } from "@kubets/machinery/quantity";
import type { PodSpec, ResourceRequirements } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import { containersTotal, isPodLevelResource } from "./resources.ts";

export function requestsFromLimits(resources: Draft<ResourceRequirements> | undefined): void {
  if (!resources?.limits) return;
  for (const [name, limit] of Object.entries(resources.limits)) (resources.requests ??= {})[name] ??= limit;
}

/** Only where the pod sets resources as a whole: each of them that it limits without asking for gets a request. */
export function defaultPodResources(spec: Draft<PodSpec>): void {
  const { resources } = spec;
  if (!resources || (!resources.limits && !resources.requests)) return;
  limitHugePages(spec);
  const requests: Record<string, string> = { ...resources.requests };
  for (const [name, quantity] of containersTotal(spec, "requests"))
    if (isPodLevelResource(name)) requests[name] ??= quantity.toString();
  for (const [name, limit] of Object.entries(resources.limits ?? {}))
    if (isPodLevelResource(name)) requests[name] ??= limit;
  if (Object.keys(requests).length) resources.requests = requests;
}

/** Huge pages cannot be overcommitted: what containers limit is what the pod limits. */
function limitHugePages(spec: Draft<PodSpec>): void {
  const resources = spec.resources as Draft<ResourceRequirements>;
  for (const [name, quantity] of containersTotal(spec, "limits")) {
    if (!name.startsWith("hugepages-") || resources.limits?.[name] !== undefined) continue;
    const asked = resources.requests?.[name];
    if (asked !== undefined && !parseQuantity(asked).equals(quantity)) continue;
    (resources.limits ??= {})[name] = quantity.toString();
  }
}
