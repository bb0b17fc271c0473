/**
 * Hints by which proxies keep traffic near: each endpoint for its own zone, or its own node, as the service's trafficDistribution asks.
 * Holds: an endpoint that is not ready carries no hint; where a service asks for nothing there are none.
 */
import type { Service } from "@kubets/api/generated/types/core-v1";
import type { Endpoint } from "@kubets/api/generated/types/discovery-v1";
import type { Wanted } from "../services/plan-slices.ts";

export function withHints({ spec }: Service, wanted: readonly Wanted[]): readonly Wanted[] {
  const kind = spec.trafficDistribution;
  const sameZone = kind === "PreferClose" || kind === "PreferSameZone";
  if (!sameZone && kind !== "PreferSameNode") return wanted;
  return wanted.map((group) => ({
    ...group,
    endpoints: group.endpoints.map((endpoint) => hinted(endpoint, !sameZone)),
  }));
}

function hinted(endpoint: Endpoint, byNode: boolean): Endpoint {
  const { conditions, zone, nodeName } = endpoint;
  if (!conditions.ready) return endpoint;
  const hints = {
    ...(zone && { forZones: [{ name: zone }] }),
    ...(byNode && nodeName && { forNodes: [{ name: nodeName }] }),
  };
  return Object.keys(hints).length > 0 ? { ...endpoint, hints } : endpoint;
}
