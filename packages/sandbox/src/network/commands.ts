/**
 * The links, addresses and routes of a cluster as lines for `ip -batch`. Pure.
 *
 * The bridge stands in the control plane's namespace; each node hangs on it by a veth pair. With an uplink, a veth pair joins that namespace to the
 * host, and what leaves by it carries one address: the host sees nothing of the cluster's ranges.
 * Holds: in every namespace the pod range is unreachable but for the parts that nodes have, and the service range ends in a bridge without ports: a
 * local connect needs some route before the packet is rewritten to an endpoint, and what is not rewritten goes nowhere.
 */
import { mustParseCidr } from "@kubets/machinery";
import { controlPlaneAddress, type NetworkPlan, nodeAddresses, uplinkAddresses } from "./plan.ts";

export const BRIDGE = "kubets0";
/** Where packets for a service go that nothing rewrote. */
export const SERVICE_SINK = "kubets-svc";
export const NODE_LINK = "eth0";
export const UPLINK_INSIDE = "uplink0";

/** The bridge's port of a node. */
export const portName = (index: number): string => `node${index}`;

const prefixOf = (range: string): number => mustParseCidr(range).prefix;

/** In the control plane's namespace, when it is new. */
export function controlPlaneLines(plan: NetworkPlan): string[] {
  const address = controlPlaneAddress(plan);
  return [
    `link add ${BRIDGE} type bridge`,
    `address add ${address}/${prefixOf(plan.nodeRange)} dev ${BRIDGE}`,
    `link set ${BRIDGE} up`,
    `route add unreachable ${plan.podRange} metric 4096`,
    `route add unreachable ${plan.serviceRange} metric 4096`,
  ];
}

/** In the control plane's namespace, for each node; `netns` is a descriptor's path that the node's end is moved into. */
export function attachLines(plan: NetworkPlan, index: number, netns: string): string[] {
  const { address, podRange } = nodeAddresses(plan, index);
  const port = portName(index);
  return [
    `link add ${port} type veth peer name ${NODE_LINK} netns ${netns}`,
    `link set ${port} master ${BRIDGE}`,
    `link set ${port} up`,
    `route replace ${podRange} via ${address} dev ${BRIDGE}`,
  ];
}

/** The node through which the control plane reaches services; its proxy sends the packets on. */
export const serviceGatewayLines = (plan: NetworkPlan, index: number): string[] => [
  `route replace ${plan.serviceRange} via ${nodeAddresses(plan, index).address} dev ${BRIDGE}`,
];

/** In a node's namespace, once its link is there. */
export function nodeLines(plan: NetworkPlan, index: number, uplink: boolean): string[] {
  const { address } = nodeAddresses(plan, index);
  return [
    `address add ${address}/${prefixOf(plan.nodeRange)} dev ${NODE_LINK}`,
    `link set ${NODE_LINK} up`,
    `route add unreachable ${plan.podRange} metric 4096`,
    `link add ${SERVICE_SINK} type bridge`,
    `link set ${SERVICE_SINK} up`,
    `route add ${plan.serviceRange} dev ${SERVICE_SINK} src ${address}`,
    ...(uplink ? [`route add default via ${controlPlaneAddress(plan)} dev ${NODE_LINK}`] : []),
  ];
}

/** In a node's namespace: the way to another node's pods. */
export function peerLines(plan: NetworkPlan, peer: number): string[] {
  const { address, podRange } = nodeAddresses(plan, peer);
  return [`route replace ${podRange} via ${address} dev ${NODE_LINK}`];
}

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
