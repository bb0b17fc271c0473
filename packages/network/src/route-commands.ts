/**
 * Routes as `ip -batch` takes them and as `ip -json` shows them, and the difference between what is there and what is wanted.
 * Holds: everything of ours in the routing tables carries our protocol number, so that it is found again after a crash and nothing else
 * is touched.
 */
import { type PodRoute, VXLAN_LINK, vtepAddress, vtepMac } from "./plan-routes.ts";

/** Marks routes as ours; a number that nobody else uses. */
export const ROUTE_PROTOCOL = 98;

export interface KernelRoute {
  readonly dst: string;
  readonly type?: string;
  readonly gateway?: string;
  readonly dev?: string;
}

export const familyFlag = (address: string): "-4" | "-6" => (address.includes(":") ? "-6" : "-4");

/** The routes that a node wants, besides those to its own pods. */
export function wantedRoutes(
  routes: readonly PodRoute[],
  linkName: string,
  ranges: { readonly clusterCidrs: readonly string[]; readonly serviceCidrs: readonly string[] },
): KernelRoute[] {
  const toPods = routes.map(({ cidr, nodeIp, how }): KernelRoute => {
    if (how === "direct") return { dst: cidr, gateway: nodeIp, dev: linkName };
    return { dst: cidr, gateway: vtepAddress(cidr), dev: VXLAN_LINK };
  });
  // Pods that are nowhere yet must not be looked for on the uplink.
  const nowhere = ranges.clusterCidrs.map((dst): KernelRoute => ({ dst, type: "unreachable" }));
  // Without a route, no program of the node could even ask for a cluster IP; the proxy translates it before it leaves.
  const services = ranges.serviceCidrs.map((dst): KernelRoute => ({ dst, dev: linkName }));
  return [...toPods, ...nowhere, ...services];
}

/** Commands of `ip -batch`, without the word "ip", by family. */
export function routeCommands(present: readonly KernelRoute[], wanted: readonly KernelRoute[]): string[] {
  const there = new Map(present.map((route) => [route.dst, textOf(route)]));
  const kept = new Set(wanted.map(({ dst }) => dst));
  const gone = present.filter(({ dst }) => !kept.has(dst));
  const changed = wanted.filter((route) => there.get(route.dst) !== textOf(route));
  return [
    // A route of another type does not replace what is there but stands beside it.
    ...[...gone, ...present.filter(({ dst }) => changed.some((route) => route.dst === dst))].map(
      (route) => `route del ${textOf(route)} proto ${ROUTE_PROTOCOL}`,
    ),
    ...changed.map((route) => `route add ${textOf(route)} proto ${ROUTE_PROTOCOL}`),
  ];
}

/** The same text for the same route, whether it is wanted or shown by the kernel. */
export function textOf({ dst, type, gateway, dev }: KernelRoute): string {
  if (type === "unreachable") return `unreachable ${dst}`;
  if (gateway && dev === VXLAN_LINK) return `${dst} via ${gateway} dev ${dev} onlink`;
  return gateway ? `${dst} via ${gateway} dev ${dev}` : `${dst} dev ${dev}`;
}

/** What makes the tunnel's end of this node. */
export function vxlanCommands(linkName: string, nodeIp: string, podCidrs: readonly string[], mtu: number): string[] {
  return [
    `link add ${VXLAN_LINK} address ${vtepMac(nodeIp)} mtu ${mtu} type vxlan id 1 dev ${linkName} local ${nodeIp} dstport 8472 nolearning`,
    ...podCidrs.map((cidr) => `addr add ${vtepAddress(cidr)}/${cidr.includes(":") ? 128 : 32} dev ${VXLAN_LINK}`),
    `link set ${VXLAN_LINK} up`,
  ];
}

/** Who is at the other ends: neighbours by their inner address, and where their frames go by `bridge -batch`. */
export function peerCommands(routes: readonly PodRoute[]): { readonly neighbours: string[]; readonly fdb: string[] } {
  const peers = routes.filter(({ how }) => how === "vxlan");
  return {
    neighbours: peers.map(
      ({ cidr, nodeIp }) =>
        `neigh replace ${vtepAddress(cidr)} lladdr ${vtepMac(nodeIp)} dev ${VXLAN_LINK} nud permanent`,
    ),
    fdb: [...new Set(peers.map(({ nodeIp }) => nodeIp))].map(
      (nodeIp) => `fdb replace ${vtepMac(nodeIp)} dev ${VXLAN_LINK} dst ${nodeIp} self permanent`,
    ),
  };
}
