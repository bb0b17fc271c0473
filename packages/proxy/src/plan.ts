/**
 * What a node must do with packets for services, as plain data made from Services and EndpointSlices by `planServices` (planner.ts). A virtual port
 * is one (address, port, protocol) that clients use; it goes to one of its targets.
 */
export interface ProxyPlan {
  /** By `id`. */
  readonly ports: ReadonlyMap<string, VirtualPort>;
}

export interface PlanChange {
  readonly put: readonly VirtualPort[];
  /** Ids of those that go. */
  readonly remove: readonly string[];
}

export type Protocol = "TCP" | "UDP" | "SCTP";

export interface VirtualPort {
  /** "namespace/service:port/protocol/family". */
  readonly id: string;
  readonly family: "IPv4" | "IPv6";
  readonly protocol: Protocol;
  readonly port: number;
  /** The service's own address, used inside the cluster. */
  readonly clusterIp?: string;
  /** Addresses from outside: external IPs and those of load balancers, with who may come. */
  readonly externalIps: readonly string[];
  readonly loadBalancerIps: readonly string[];
  readonly sourceRanges: readonly string[];
  readonly nodePort?: number;
  /** Where internal traffic goes, and where external traffic goes; they differ under the traffic policy "Local". */
  readonly internal: Targets;
  readonly external: Targets;
  /**
   * Under the external policy "Local": where clients on this node, and pods, go when they use an outside address. They are inside already
   * and go as inside, to any endpoint. Absent otherwise.
   */
  readonly externalFromInside?: Targets;
  /** Clients stay on one target for so many seconds. */
  readonly affinitySeconds?: number;
  /** Traffic from outside is to be seen as from this node, unless the policy is "Local". */
  readonly masqueradeExternal: boolean;
}

export interface Targets {
  readonly endpoints: readonly Target[];
  /** What happens when there are none: refuse (nobody serves it), or drop (others may, but not from here). */
  readonly whenEmpty: "reject" | "drop";
}

export interface Target {
  readonly ip: string;
  readonly port: number;
  readonly local: boolean;
}
