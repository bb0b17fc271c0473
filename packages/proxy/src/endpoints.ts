/**
 * Which endpoints of a service port may get its traffic on one node: ready ones, near ones where hints say so, and terminating ones that
 * still serve only when there is no other.
 */
import type { Endpoint, EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import type { Protocol, Target } from "./plan.ts";

/** The node for which is planned. */
export interface ProxyNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface PortEndpoint extends Target {
  readonly ready: boolean;
  /** It is going, and still answers. */
  readonly lastResort: boolean;
  readonly zones: readonly string[];
  readonly nodes: readonly string[];
}

export interface UsableEndpoints {
  /** For the policy "Cluster". */
  readonly cluster: readonly Target[];
  /** For the policy "Local". */
  readonly local: readonly Target[];
  /** Somebody serves it, though perhaps nobody whom this node may use. */
  readonly anywhere: boolean;
}

const ZONE = "topology.kubernetes.io/zone";

/** The endpoints of one port in the slices of its service, each address once, in a fixed order. */
export function endpointsOfPort(
  slices: Iterable<EndpointSlice>,
  family: string,
  name: string,
  protocol: Protocol,
  node: ProxyNode,
): PortEndpoint[] {
  const found = new Map<string, PortEndpoint>();
  for (const slice of slices) {
    if (slice.addressType !== family) continue;
    for (const port of slice.ports) {
      if ((port.name ?? "") !== name || (port.protocol ?? "TCP") !== protocol || !port.port) continue;
      for (const endpoint of slice.endpoints) put(found, endpointOf(endpoint, port.port, node));
    }
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);
}

/** While an endpoint moves from one slice to another it may stand in both; the one that is better off counts. */
function put(found: Map<string, PortEndpoint>, endpoint: PortEndpoint): void {
  const key = `${endpoint.ip} ${endpoint.port}`;
  const before = found.get(key);
  if (!before || rank(endpoint) > rank(before)) found.set(key, endpoint);
}

const rank = ({ ready, lastResort }: PortEndpoint): number => (ready ? 2 : lastResort ? 1 : 0);

function endpointOf({ addresses, conditions, nodeName, hints }: Endpoint, port: number, node: ProxyNode): PortEndpoint {
  const { ready = true, serving = true, terminating = false } = conditions ?? {};
  return {
    ip: addresses[0] ?? "",
    port,
    local: nodeName === node.name,
    ready,
    lastResort: serving && terminating,
    zones: (hints?.forZones ?? []).map(({ name }) => name),
    nodes: (hints?.forNodes ?? []).map(({ name }) => name),
  };
}

export function usableEndpoints(all: readonly PortEndpoint[], node: ProxyNode): UsableEndpoints {
  const ready = all.filter((endpoint) => endpoint.ready);
  const lastResort = all.filter((endpoint) => !endpoint.ready && endpoint.lastResort);
  const cluster = ready.length > 0 ? near(ready, node) : lastResort;
  const localReady = ready.filter(({ local }) => local);
  const local = localReady.length > 0 ? localReady : lastResort.filter((endpoint) => endpoint.local);
  return { cluster: targets(cluster), local: targets(local), anywhere: ready.length + lastResort.length > 0 };
}

const targets = (endpoints: readonly PortEndpoint[]): Target[] =>
  endpoints.map(({ ip, port, local }) => ({ ip, port, local }));

/**
 * Those that hints mean for this node, else those for its zone, else all. Hints count only when every ready endpoint has one: else the
 * slices are still being written, and obeying them would overload the few that are hinted already.
 */
function near(ready: readonly PortEndpoint[], node: ProxyNode): readonly PortEndpoint[] {
  const zone = node.labels[ZONE] ?? "";
  if (ready.every(({ nodes }) => nodes.length > 0)) {
    const here = ready.filter(({ nodes }) => nodes.includes(node.name));
    if (here.length > 0) return here;
  }
  if (ready.every(({ zones }) => zones.length > 0)) {
    const here = ready.filter(({ zones }) => zones.includes(zone));
    if (here.length > 0) return here;
  }
  return ready;
}
