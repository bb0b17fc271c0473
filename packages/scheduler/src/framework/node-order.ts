/** The order in which nodes are looked at: one of each zone in turn, so that a sample of nodes is a sample of zones. */
import type { Node } from "@kubets/api/generated/types/core-v1";

/** Zone with region, as nodes are labelled by now or by the names of old; empty where nothing is said. */
export function zoneOf(node: Node): string {
  const labels = node.metadata.labels ?? {};
  const region = labels["topology.kubernetes.io/region"] ?? labels["failure-domain.beta.kubernetes.io/region"] ?? "";
  const zone = labels["topology.kubernetes.io/zone"] ?? labels["failure-domain.beta.kubernetes.io/zone"] ?? "";
  return region || zone ? `${region}:\0:${zone}` : "";
}

export function interleaveZones<T extends { readonly node: Node }>(nodes: Iterable<T>): T[] {
  const zones = new Map<string, T[]>();
  let count = 0;
  for (const info of nodes) {
    const zone = zoneOf(info.node);
    const list = zones.get(zone);
    if (list) list.push(info);
    else zones.set(zone, [info]);
    count++;
  }
  if (zones.size === 1) return [...zones.values()][0] as T[];
  const order: T[] = [];
  for (let round = 0; order.length < count; round++) {
    for (const list of zones.values()) {
      const info = list[round];
      if (info) order.push(info);
    }
  }
  return order;
}
