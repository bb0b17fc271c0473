/**
 * A cloud provider of one's own, in one file: machines in racks, as the configuration lists them, and addresses for load balancers from a range.
 *
 *   kubets cloud-controller-manager --kubeconfig ccm.conf --cloud-provider ./racks.ts --cloud-config racks.json
 */
import type { ProviderFactory } from "kubets";

interface Racks {
  /** By the names of their nodes. */
  readonly machines: Readonly<Record<string, { readonly rack: string; readonly address: string }>>;
  /** "203.0.113": 254 addresses. */
  readonly balancers: string;
}

const provider: ProviderFactory = (config) => {
  const { machines, balancers } = JSON.parse(config) as Racks;
  const taken = new Map<string, string>();
  return {
    name: "racks",
    instances: {
      async find({ metadata }) {
        const machine = machines[metadata.name];
        return (
          machine && {
            providerID: `racks://${machine.rack}/${metadata.name}`,
            zone: machine.rack,
            addresses: [{ type: "InternalIP", address: machine.address }],
          }
        );
      },
    },
    loadBalancers: {
      async ensure({ metadata, status }) {
        // What a service was given before the program started stays its own.
        const known = taken.get(metadata.uid) ?? status.loadBalancer?.ingress?.[0]?.ip;
        const free = Array.from({ length: 254 }, (_, i) => `${balancers}.${i + 1}`);
        const ip = known ?? free.find((each) => ![...taken.values()].includes(each));
        if (!ip) throw new Error("no address is left");
        taken.set(metadata.uid, ip);
        return { ingress: [{ ip }] };
      },
      async remove({ metadata }) {
        taken.delete(metadata.uid);
      },
    },
  };
};

// oxlint-disable-next-line import/no-default-export -- what --cloud-provider takes
export default provider;
