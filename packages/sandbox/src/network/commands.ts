/**
 * The links, addresses and routes of a cluster as lines for `ip -batch`. Pure.
 *
 * The bridge stands in the control plane's namespace; each node hangs on it by a veth pair. With an uplink, a veth pair joins that namespace to the
 * host, and what leaves by it carries one address: the host sees nothing of the cluster's ranges.
 * Holds: in every namespace the pod range is unreachable but for the parts that nodes have, and the service range ends in a bridge without ports: a
 * local connect needs some route before the packet is rewritten to an endpoint, and what is not rewritten goes nowhere.
 */
import { mustParseCidr } from "@kubets/machinery";
import {
  controlPlaneAddress,
  type FamilyRanges,
  familiesOf,
  type NetworkPlan,
  nodeAddresses,
  uplinkAddresses,
} from "./plan.ts";

const BRIDGE = "kubets0";
/** Where packets for a service go that nothing rewrote. */
const SERVICE_SINK = "kubets-svc";
const NODE_LINK = "eth0";
const UPLINK_INSIDE = "uplink0";

/** The bridge's port of a node. */
export const portName = (index: number): string => `node${index}`;

/** Where addresses are that no link has: the proxies of nodes know them. */
const virtualRanges = ({ serviceRange, loadBalancerRange }: FamilyRanges): string[] => [
  serviceRange,
  loadBalancerRange,
];

/** An IPv6 address that is looked for elsewhere first could not be used for a second or two. */
function addressLine(address: string, { nodeRange }: FamilyRanges, link: string): string {
  const { prefix, family } = mustParseCidr(nodeRange);
  return `address add ${address}/${prefix} dev ${link}${family === 6 ? " nodad" : ""}`;
}

/** In the control plane's namespace, when it is new. */
export function controlPlaneLines(plan: NetworkPlan): string[] {
  const families = familiesOf(plan);
  return [
    `link add ${BRIDGE} type bridge`,
    ...families.map((ranges) => addressLine(controlPlaneAddress(ranges), ranges, BRIDGE)),
    `link set ${BRIDGE} up`,
    ...families.flatMap((ranges) =>
      [ranges.podRange, ...virtualRanges(ranges)].map((range) => `route add unreachable ${range} metric 4096`),
    ),
  ];
}

/** In the control plane's namespace, for each node; `netns` is a descriptor's path that the node's end is moved into. */
export function attachLines(plan: NetworkPlan, index: number, netns: string): string[] {
  const port = portName(index);
  return [
    `link add ${port} type veth peer name ${NODE_LINK} netns ${netns}`,
    `link set ${port} master ${BRIDGE}`,
    `link set ${port} up`,
    ...podRouteLines(plan, index, BRIDGE),
  ];
}

/** The way to the pods of a node. */
const podRouteLines = (plan: NetworkPlan, index: number, link: string): string[] =>
  familiesOf(plan).map((ranges) => {
    const { address, podRange } = nodeAddresses(ranges, index);
    return `route replace ${podRange} via ${address} dev ${link}`;
  });

export const podRouteGoneLines = (plan: NetworkPlan, index: number): string[] =>
  familiesOf(plan).map((ranges) => `route delete ${nodeAddresses(ranges, index).podRange}`);

/** The node through which the control plane reaches services; its proxy sends the packets on. */
export const serviceGatewayLines = (plan: NetworkPlan, index: number): string[] =>
  familiesOf(plan).flatMap((ranges) => {
    const { address } = nodeAddresses(ranges, index);
    return virtualRanges(ranges).map((range) => `route replace ${range} via ${address} dev ${BRIDGE}`);
  });

/** In a node's namespace, once its link is there. */
export function nodeLines(plan: NetworkPlan, index: number, uplink: boolean): string[] {
  const families = familiesOf(plan).map((ranges) => ({ ranges, address: nodeAddresses(ranges, index).address }));
  return [
    ...families.map(({ ranges, address }) => addressLine(address, ranges, NODE_LINK)),
    `link set ${NODE_LINK} up`,
    ...families.map(({ ranges }) => `route add unreachable ${ranges.podRange} metric 4096`),
    `link add ${SERVICE_SINK} type bridge`,
    `link set ${SERVICE_SINK} up`,
    ...families.flatMap(({ ranges, address }) =>
      virtualRanges(ranges).map((range) => `route add ${range} dev ${SERVICE_SINK} src ${address}`),
    ),
    ...(uplink ? [`route add default via ${controlPlaneAddress(plan)} dev ${NODE_LINK}`] : []),
  ];
}

/** In a node's namespace: the way to another node's pods. */
export const peerLines = (plan: NetworkPlan, peer: number): string[] => podRouteLines(plan, peer, NODE_LINK);

/** On the host, when there is an uplink. */
export function uplinkHostLines(plan: NetworkPlan, link: string, netns: string): string[] {
  const { host } = uplinkAddresses(plan);
  return [
    `link add ${link} type veth peer name ${UPLINK_INSIDE} netns ${netns}`,
    `address add ${host}/30 dev ${link}`,
    `link set ${link} up`,
  ];
}

/** In the control plane's namespace, when there is an uplink. */
export function uplinkInsideLines(plan: NetworkPlan): string[] {
  const { host, inside } = uplinkAddresses(plan);
  return [
    `address add ${inside}/30 dev ${UPLINK_INSIDE}`,
    `link set ${UPLINK_INSIDE} up`,
    `route add default via ${host} dev ${UPLINK_INSIDE}`,
  ];
}

/** What leaves the control plane's namespace by the uplink carries its one address there. */
export const uplinkInsideRules = (): string => `
table ip kubets_uplink {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "${UPLINK_INSIDE}" masquerade
  }
}
`;

/** On the host: that one address goes out under the host's own. Declared and flushed first, so that it can be loaded twice. */
export const uplinkHostRules = (plan: NetworkPlan, table: string, link: string): string => `
table ip ${table} { }
delete table ip ${table}
table ip ${table} {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${uplinkAddresses(plan).inside} oifname != "${link}" masquerade
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname "${link}" accept
    oifname "${link}" ct state established,related accept
    oifname "${link}" drop
  }
}
`;
