/**
 * The provider that needs no cloud. Machines are there as long as their nodes are; a load balancer is the nodes themselves: the service is
 * reached at its port on each of their addresses, where the service proxy takes it.
 */
import type { Node } from "@kubets/api/generated/types/core-v1";
import type { CloudProvider } from "../provider.ts";

export const localProvider: CloudProvider = {
  name: "local",
  instances: {
    find: async ({ metadata }) => ({ providerID: `local://${metadata.name}`, instanceType: "local" }),
  },
  loadBalancers: {
    ensure: async (_, nodes) => ({ ingress: nodes.flatMap(addressesOf).map((ip) => ({ ip, ipMode: "VIP" })) }),
    remove: async () => {},
  },
};

/** The ones of the outside, or else those of the inside. */
function addressesOf({ status }: Node): string[] {
  const of = (type: string) =>
    (status.addresses ?? []).filter((each) => each.type === type).map(({ address }) => address);
  const outside = of("ExternalIP");
  return outside.length ? outside : of("InternalIP");
}
