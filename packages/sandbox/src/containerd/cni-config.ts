/**
 * The pod network inside one node: a bridge with an address for each pod of the node's range. The ways between nodes are routes (see network/).
 * Where the kernel shows bridged packets to netfilter, pods share the bridge `cni0`; else each has a point-to-point link, so that a service's
 * answer from a pod on the same node passes the rules that rewrite it back.
 */
interface PodNetworkOptions {
  /** One of each family. */
  readonly podRanges: readonly string[];
  readonly bridgeNetfilter: boolean;
  /** Where addresses in use are noted. */
  readonly leases: string;
}

export function podNetworkConfig({ podRanges, bridgeNetfilter, leases }: PodNetworkOptions): string {
  const ipam = {
    type: "host-local",
    dataDir: leases,
    ranges: podRanges.map((subnet) => [{ subnet }]),
    routes: podRanges.map((range) => ({ dst: range.includes(":") ? "::/0" : "0.0.0.0/0" })),
  };
  const link = bridgeNetfilter
    ? { type: "bridge", bridge: "cni0", isGateway: true, ipMasq: false, hairpinMode: true, ipam }
    : { type: "ptp", ipMasq: false, ipam };
  const plugins = [
    link,
    { type: "portmap", capabilities: { portMappings: true }, snat: true },
    { type: "bandwidth", capabilities: { bandwidth: true } },
  ];
  return `${JSON.stringify({ cniVersion: "0.4.0", name: "kubets", plugins }, undefined, 2)}\n`;
}
