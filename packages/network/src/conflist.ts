/**
 * The CNI configuration of a node: a bridge for its pods, addresses from its pod ranges, host ports, bandwidth. The loopback of a pod is
 * the runtime's to bring up. For the plugins 1.1.1 and later.
 */
export interface ConflistOptions {
  readonly podCidrs: readonly string[];
  readonly mtu: number;
  readonly bridge?: string;
  /** Where host-local remembers addresses; the plugin's own place by default. */
  readonly dataDir?: string;
}

export const CONFLIST_FILE = "10-kubets.conflist";
export const BRIDGE = "cni0";

export function cniConflist({ podCidrs, mtu, bridge = BRIDGE, dataDir }: ConflistOptions): object {
  const everywhere = podCidrs.map((cidr) => ({ dst: cidr.includes(":") ? "::/0" : "0.0.0.0/0" }));
  return {
    cniVersion: "1.0.0",
    name: "kubets",
    plugins: [
      {
        type: "bridge",
        bridge,
        mtu,
        isGateway: true,
        isDefaultGateway: false,
        // Sources stay as they are inside of the cluster; what leaves it is the network's to masquerade.
        ipMasq: false,
        // A pod may reach itself through a service.
        hairpinMode: true,
        ipam: {
          type: "host-local",
          ranges: podCidrs.map((subnet) => [{ subnet }]),
          routes: everywhere,
          ...(dataDir && { dataDir }),
        },
      },
      { type: "portmap", capabilities: { portMappings: true }, snat: true },
      { type: "bandwidth", capabilities: { bandwidth: true } },
    ],
  };
}
