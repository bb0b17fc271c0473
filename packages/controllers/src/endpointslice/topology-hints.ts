/**
 * Hints in proportion to the processors of each zone ("Auto"): each endpoint for its own zone, and as many for another as that one lacks.
 * Holds: no zone is to have less than what it would have if each of its endpoints could take a fifth more than its part; where that cannot be,
 * or too little is known, there are no hints at all. Hints that are there stay, as far as they are right. Pure.
 */
import type { Node } from "@kubets/api/generated/types/core-v1";
import type { Endpoint } from "@kubets/api/generated/types/discovery-v1";
import { parseQuantity } from "@kubets/machinery/quantity";
import { isTrue } from "../conditions.ts";

const ZONE = "topology.kubernetes.io/zone";
const CONTROL_PLANE = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];
const OVERLOAD = 0.2;

export type Shares = ReadonlyMap<string, number>;

/** The part of each zone in all processors; or why there are no such parts. */
export function sharesOf(nodes: readonly Node[]): Shares | string {
  const cpus = new Map<string, number>();
  for (const { metadata, status } of nodes) {
    if (CONTROL_PLANE.some((role) => role in (metadata.labels ?? {})) || !isTrue(status.conditions, "Ready")) continue;
    const [zone, cpu] = [metadata.labels?.[ZONE], status.allocatable?.cpu];
    const count = cpu === undefined ? 0 : parseQuantity(String(cpu)).milliValue();
    if (!zone || count === 0)
      return "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes";
    cpus.set(zone, (cpus.get(zone) ?? 0) + count);
  }
  if (cpus.size < 2) return "Nodes only ready in one zone";
  const all = [...cpus.values()].reduce((a, b) => a + b, 0);
  return new Map([...cpus].map(([zone, count]) => [zone, count / all]));
}

/** Zones by endpoint; or why there are none. `before`: the zone that an endpoint's hint names now. */
export function allocate(
  endpoints: readonly Endpoint[],
  shares: Shares,
  before: (endpoint: Endpoint) => string | undefined,
): ReadonlyMap<Endpoint, string> | string {
  if (endpoints.some(({ zone }) => !zone)) return "One or more endpoints do not have a zone specified";
  if (endpoints.length < shares.size) return "Insufficient number of endpoints";
  const desired = new Map([...shares].map(([zone, share]) => [zone, share * endpoints.length]));
  const least = [...desired.values()].reduce((sum, count) => sum + Math.ceil(count / (1 + OVERLOAD)), 0);
  if (least > endpoints.length)
    return "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold";

  const zoneOf = new Map(endpoints.map((each) => [each, startOf(each, desired, before(each))]));
  for (const [from, needs] of moves(zoneOf, desired)) {
    for (const [to, count] of needs) {
      const candidates = [...zoneOf].flatMap(([each, zone]) => (zone === from ? [each] : []));
      for (const moved of bestToMove(candidates, from, to).slice(0, count)) zoneOf.set(moved, to);
    }
  }
  return zoneOf;
}

/** Of a zone without nodes: anywhere, to be moved where it is needed. */
const startOf = ({ zone = "" }: Endpoint, zones: ReadonlyMap<string, number>, before: string | undefined): string =>
  before !== undefined && zones.has(before) ? before : zone;

/** How many from where to where: from those that have most above their part to those that lack most, as long as it is a whole endpoint. */
function moves(zoneOf: ReadonlyMap<Endpoint, string>, desired: ReadonlyMap<string, number>) {
  const surplus = new Map<string, number>([...desired].map(([zone, count]) => [zone, -count]));
  for (const zone of zoneOf.values()) surplus.set(zone, (surplus.get(zone) ?? 0) + 1);
  const found = new Map<string, Map<string, number>>();
  for (;;) {
    const ordered = [...surplus].toSorted(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1));
    const homeless = ordered.find(([zone, count]) => !desired.has(zone) && count > 0);
    const [from, most] = homeless ?? (ordered[0] as [string, number]);
    const [to, lack] = ordered.findLast(([zone]) => desired.has(zone)) as [string, number];
    if (!homeless && (most <= 0 || lack >= 0 || (most < 1 && lack > -1))) return found;
    const needs = found.get(from) ?? new Map<string, number>();
    found.set(from, needs.set(to, (needs.get(to) ?? 0) + 1));
    surplus.set(from, most - 1);
    surplus.set(to, lack + 1);
  }
}

/** Rather those that stand in the zone that lacks them, then those that do not stand where they are taken from. */
function bestToMove(candidates: readonly Endpoint[], from: string, to: string): Endpoint[] {
  const rank = ({ zone }: Endpoint) => (zone === to ? 0 : zone !== from ? 1 : 2);
  return candidates.toSorted((a, b) => rank(a) - rank(b));
}
