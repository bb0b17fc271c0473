/**
 * How a node reaches the pods of the others: directly by their address where they share a link, through VXLAN where not.
 * Holds: a pure function of the nodes; a node without pod ranges or without an internal address has no routes yet, and no route leads to
 * the node itself.
 */
import type { Node } from "@kubets/api/generated/types/core-v1";
import { type Cidr, mustParseIp, parseCidr, parseIp } from "@kubets/machinery";

export interface Link {
  readonly name: string;
  /** The ranges of its own addresses: who is in them is on the same link. */
  readonly ranges: readonly Cidr[];
}

export type RouteMode = "host-gw" | "vxlan" | "auto";

export interface PodRoute {
  /** The pod range of a node. */
  readonly cidr: string;
  readonly nodeName: string;
  /** The node's own address of the same family as the range, or, for VXLAN, of any. */
  readonly nodeIp: string;
  readonly how: "direct" | "vxlan";
}

export const VXLAN_LINK = "kubets.vxlan";

export const podCidrsOf = ({ spec }: Node): readonly string[] =>
  spec?.podCIDRs?.length ? spec.podCIDRs : spec?.podCIDR ? [spec.podCIDR] : [];

export const internalIps = ({ status }: Node): readonly string[] =>
  (status?.addresses ?? []).filter(({ type }) => type === "InternalIP").map(({ address }) => address);

const isIpv6 = (address: string): boolean => address.includes(":");

export function planRoutes(nodes: Iterable<Node>, self: string, link: Link, mode: RouteMode = "auto"): PodRoute[] {
  const routes: PodRoute[] = [];
  for (const node of nodes) {
    if (node.metadata.name === self) continue;
    for (const cidr of podCidrsOf(node)) {
      const route = parseCidr(cidr) && routeTo(node, cidr, link, mode);
      if (route) routes.push(route);
    }
  }
  return routes.sort((a, b) => (a.cidr < b.cidr ? -1 : 1));
}

function routeTo(node: Node, cidr: string, link: Link, mode: RouteMode): PodRoute | undefined {
  const ips = internalIps(node);
  const nodeName = node.metadata.name;
  const gateway = ips.find((ip) => isIpv6(ip) === isIpv6(cidr));
  if (gateway && mode !== "vxlan" && (mode === "host-gw" || isOnLink(gateway, link)))
    return { cidr, nodeName, nodeIp: gateway, how: "direct" };
  const [outer] = ips;
  return outer && mode !== "host-gw" ? { cidr, nodeName, nodeIp: outer, how: "vxlan" } : undefined;
}

function isOnLink(address: string, { ranges }: Link): boolean {
  const ip = parseIp(address);
  return ip !== undefined && ranges.some((range) => range.contains(ip));
}

/** The address of a node's end of the tunnel: the first of its pod range, which no pod has. */
export const vtepAddress = (cidr: string): string => (parseCidr(cidr) as Cidr).address.toString();

/** Its hardware address follows from the node's, so that nobody needs to be told it. */
export function vtepMac(nodeIp: string): string {
  const bytes = mustParseIp(nodeIp).toBytes().slice(-4);
  return ["0a", "58", ...[...bytes].map((byte) => byte.toString(16).padStart(2, "0"))].join(":");
}
