/** Services and slices for tests, and the plan as a person would read it from the specification, without regard to cost. */
import type { Service } from "@kubets/api/generated/types/core-v1";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import type { ProxyNode } from "../endpoints.ts";
import type { Target, Targets, VirtualPort } from "../plan.ts";

const meta = (name: string, labels: Record<string, string> = {}) => ({
  name,
  namespace: "ns",
  uid: name,
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
  labels,
});

export function service(name: string, spec: object, labels: Record<string, string> = {}): Service {
  const { ingress, ...rest } = spec as { ingress?: object[] };
  return {
    kind: "Service",
    apiVersion: "v1",
    metadata: meta(name, labels),
    spec: { type: "ClusterIP", clusterIPs: ["10.0.0.1"], ports: [{ port: 80, targetPort: 8080 }], ...rest },
    status: { loadBalancer: { ingress } },
  } as Service;
}

export type TestEndpoint = EndpointSlice["endpoints"][number];

interface EndpointState {
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
  readonly node?: string;
  readonly zones?: readonly string[];
  readonly nodes?: readonly string[];
}

/** An endpoint at 10.1.0.`last`. */
export function endpoint(last: string, state: EndpointState = {}): TestEndpoint {
  const { node = "there", zones = [], nodes = [], ...conditions } = state;
  return {
    addresses: [`10.1.0.${last}`],
    conditions,
    nodeName: node,
    hints: { forZones: zones.map((name) => ({ name })), forNodes: nodes.map((name) => ({ name })) },
  };
}

/** A slice with the ports "", "a" and "b", which are 8080, 8081 and 8082. */
export function slice(name: string, ofService: string, endpoints: readonly TestEndpoint[]): EndpointSlice {
  return {
    kind: "EndpointSlice",
    apiVersion: "discovery.k8s.io/v1",
    metadata: meta(name, { "kubernetes.io/service-name": ofService }),
    addressType: "IPv4",
    endpoints,
    ports: [
      { name: "", port: 8080, protocol: "TCP" },
      { name: "a", port: 8081, protocol: "TCP" },
      { name: "b", port: 8082, protocol: "TCP" },
    ],
  };
}

/** Every virtual port, by looking through everything for each. */
export function naivePlan(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
  node: ProxyNode,
): Map<string, VirtualPort> {
  const ports = new Map<string, VirtualPort>();
  for (const { metadata, spec } of services)
    for (const ip of spec.clusterIPs ?? [])
      for (const port of spec.ports ?? []) {
        if (ip === "None") continue;
        const family = ip.includes(":") ? "IPv6" : "IPv4";
        const id = `ns/${metadata.name}:${port.name ?? port.port}/TCP/${family}`;
        const mine = slices.filter(
          (each) =>
            each.addressType === family && each.metadata.labels?.["kubernetes.io/service-name"] === metadata.name,
        );
        const number = { a: 8081, b: 8082 }[port.name ?? ""] ?? 8080;
        const everyone = mine.flatMap((each) => each.endpoints);
        const has = (address: string, test: (e: TestEndpoint) => boolean) =>
          everyone.some((e) => e.addresses[0] === address && test(e));
        const addresses = [...new Set(everyone.map((e) => e.addresses[0] as string))].sort();
        // Of several statements about one address the best counts, and among equals the first.
        const chosen = addresses.map((address) => {
          const isReady = has(address, ready);
          const isLast = !isReady && has(address, last);
          const statement = everyone.find(
            (e) => e.addresses[0] === address && (isReady ? ready(e) : isLast ? last(e) : true),
          ) as TestEndpoint;
          return {
            statement,
            isReady,
            isLast,
            target: { ip: address, port: number, local: statement.nodeName === node.name },
          };
        });
        const readyOnes = chosen.filter(({ isReady }) => isReady);
        const hinted = (names: (e: TestEndpoint) => readonly string[], me: string) => {
          const all = readyOnes.every(({ statement }) => names(statement).length > 0);
          return all ? readyOnes.filter(({ statement }) => names(statement).includes(me)) : [];
        };
        const zone = node.labels["topology.kubernetes.io/zone"] as string;
        const cluster = [
          hinted((e) => (e.hints?.forNodes ?? []).map(({ name }) => name), node.name),
          hinted((e) => (e.hints?.forZones ?? []).map(({ name }) => name), zone),
          readyOnes,
          chosen.filter(({ isLast }) => isLast),
        ].find((each) => each.length > 0);
        const here = chosen.filter(({ target }) => target.local);
        const local = [here.filter(({ isReady }) => isReady), here.filter(({ isLast }) => isLast)].find(
          (each) => each.length > 0,
        );
        const whenEmpty = chosen.some(({ isReady, isLast }) => isReady || isLast) ? "drop" : "reject";
        const targets = (of: readonly { target: Target }[] = []): Targets => ({
          endpoints: of.map(({ target }) => target),
          whenEmpty,
        });
        const outsideIsLocal = spec.externalTrafficPolicy === "Local";
        ports.set(id, {
          id,
          family,
          protocol: "TCP",
          port: port.port,
          clusterIp: ip,
          externalIps: [],
          loadBalancerIps: [],
          sourceRanges: [],
          ...(port.nodePort && { nodePort: port.nodePort }),
          internal: targets(spec.internalTrafficPolicy === "Local" ? local : cluster),
          external: targets(outsideIsLocal ? local : cluster),
          ...(outsideIsLocal && { externalFromInside: targets(cluster) }),
          ...(spec.sessionAffinity === "ClientIP" && { affinitySeconds: 10_800 }),
          masqueradeExternal: !outsideIsLocal,
        });
      }
  return ports;
}

const ready = ({ conditions }: TestEndpoint): boolean => conditions.ready ?? true;
const last = ({ conditions }: TestEndpoint): boolean =>
  (conditions.serving ?? true) && (conditions.terminating ?? false);
