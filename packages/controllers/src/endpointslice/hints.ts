/**
 * Hints by which proxies keep traffic near: each endpoint for its own zone, or its own node, as the service's trafficDistribution asks; or for zones
 * in proportion to their processors, where an annotation asks for it.
 * Holds: an endpoint that is not ready carries no hint; where a service asks for nothing there are none.
 */
import type { Node, Service } from "@kubets/api/generated/types/core-v1";
import type { Endpoint, EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import { endpointKey, PIECE, type Wanted } from "../services/plan-slices.ts";
import { allocate, sharesOf } from "./topology-hints.ts";

interface HintParts {
  readonly nodes: () => readonly Node[];
  readonly slices: readonly EndpointSlice[];
}

/** What the service's people are told of hints in proportion; nothing where they did not ask for such. */
export interface Told {
  readonly family: string;
  readonly enabled: boolean;
  readonly message: string;
}

/** Yields every few endpoints. */
export function* withHints(
  service: Service,
  wanted: readonly Wanted[],
  parts: HintParts,
): Generator<void, { wanted: readonly Wanted[]; told: readonly Told[] }> {
  if (isAuto(service)) return inProportion(wanted, parts);
  const kind = service.spec.trafficDistribution;
  const sameZone = kind === "PreferClose" || kind === "PreferSameZone";
  if (!sameZone && kind !== "PreferSameNode") return { wanted, told: [] };
  const near: Wanted[] = [];
  for (const group of wanted) {
    const endpoints: Endpoint[] = [];
    for (const [i, endpoint] of group.endpoints.entries()) {
      if (i % PIECE === PIECE - 1) yield;
      endpoints.push(hinted(endpoint, !sameZone));
    }
    near.push({ ...group, endpoints });
  }
  return { wanted: near, told: [] };
}

/** Asked for by an annotation, which has had two names. */
export const isAuto = ({ metadata: { annotations = {} } }: Service): boolean =>
  (
    annotations["service.kubernetes.io/topology-mode"] ??
    annotations["service.kubernetes.io/topology-aware-hints"] ??
    ""
  ).toLowerCase() === "auto";

function inProportion(wanted: readonly Wanted[], { nodes, slices }: HintParts) {
  const before = new Map<string, string>();
  for (const { endpoints } of slices)
    for (const endpoint of endpoints ?? []) {
      const zone = endpoint.hints?.forZones?.[0]?.name;
      if (zone) before.set(endpointKey(endpoint), zone);
    }
  const shares = sharesOf(nodes());
  const told: Told[] = [];
  const zones = new Map<Endpoint, string>();
  for (const [family, groups] of Map.groupBy(wanted, (group) => group.family)) {
    const ready = groups.flatMap(({ endpoints }) => endpoints.filter(({ conditions }) => conditions.ready));
    const found =
      typeof shares === "string" ? shares : allocate(ready, shares, (each) => before.get(endpointKey(each)));
    const enabled = typeof found !== "string";
    told.push({
      family,
      enabled,
      message: `${enabled ? "Topology Aware Hints has been enabled" : found}, addressType: ${family}`,
    });
    if (enabled) for (const [endpoint, zone] of found) zones.set(endpoint, zone);
  }
  const hintedBy = (endpoint: Endpoint): Endpoint => {
    const name = zones.get(endpoint);
    return name === undefined ? endpoint : { ...endpoint, hints: { forZones: [{ name }] } };
  };
  return { wanted: wanted.map((group) => ({ ...group, endpoints: group.endpoints.map(hintedBy) })), told };
}

/** The same endpoint with the same hints is the same object each time, so that what stays costs nothing to compare. */
const made = { byZone: new WeakMap<Endpoint, Endpoint>(), byNode: new WeakMap<Endpoint, Endpoint>() };

function hinted(endpoint: Endpoint, byNode: boolean): Endpoint {
  const { conditions, zone, nodeName } = endpoint;
  if (!conditions.ready) return endpoint;
  const known = byNode ? made.byNode : made.byZone;
  let found = known.get(endpoint);
  if (!found) {
    const hints = {
      ...(zone && { forZones: [{ name: zone }] }),
      ...(byNode && nodeName && { forNodes: [{ name: nodeName }] }),
    };
    known.set(endpoint, (found = Object.keys(hints).length > 0 ? { ...endpoint, hints } : endpoint));
  }
  return found;
}
