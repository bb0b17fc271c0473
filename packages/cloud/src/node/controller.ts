/**
 * Tells of each new node what the cloud knows of its machine, and then lets pods onto it; later on it keeps the addresses in step.
 * Owns: the taint of uninitialised nodes, providerID, labels of place and type, addresses. Watches: nodes.
 */
import { nodes } from "@kubets/api/generated/refs";
import type { Node, NodeAddress } from "@kubets/api/generated/types/core-v1";
import { type Controller, type ControllerContext, on, type Requeue } from "@kubets/client";
import { semanticEqual } from "@kubets/machinery";
import type { Instance, Instances } from "../provider.ts";

const UNINITIALIZED = "node.cloudprovider.kubernetes.io/uninitialized";
/** The address that the kubelet was told to have. */
const PROVIDED_IP = "alpha.kubernetes.io/provided-node-ip";

export const cloudNodes = (instances: Instances, updateEveryMs: number): Controller => ({
  name: "cloud-node",
  workers: 1,
  watches: [on(nodes)],
  async reconcile(name, context): Promise<Requeue | void> {
    const node = context.cache.get(nodes, name);
    if (!node || node.metadata.deletionTimestamp) return undefined;
    const isNew = node.spec.taints?.some(({ key }) => key === UNINITIALIZED) ?? false;
    const instance = await instances.find(node);
    if (!instance) {
      // Whether it is gone for good the lifecycle decides.
      if (isNew) throw new Error(`the cloud knows no machine for the new node ${name}`);
      return { requeueAfterMs: updateEveryMs };
    }
    if (isNew) await initialize(node, instance, context);
    await tellAddresses(node, instance, context);
    return { requeueAfterMs: updateEveryMs };
  },
});

async function initialize(node: Node, instance: Instance, { client, events }: ControllerContext): Promise<void> {
  const { name, uid, resourceVersion } = node.metadata;
  const { providerID } = instance;
  const body = {
    metadata: { resourceVersion, labels: labelsOf(instance) },
    spec: {
      ...(!node.spec.providerID && providerID && { providerID }),
      taints: (node.spec.taints ?? []).filter(({ key }) => key !== UNINITIALIZED),
    },
  };
  await client.patch(nodes, { name }, { type: "merge", body });
  events
    .as("cloud-node-controller")
    .event({ kind: "Node", apiVersion: "v1", name, uid }, "Normal", "Synced", "Node synced successfully");
}

function labelsOf({ instanceType, zone, region, labels }: Instance): Record<string, string> {
  return {
    ...labels,
    ...(instanceType && {
      "node.kubernetes.io/instance-type": instanceType,
      "beta.kubernetes.io/instance-type": instanceType,
    }),
    ...(zone && { "topology.kubernetes.io/zone": zone, "failure-domain.beta.kubernetes.io/zone": zone }),
    ...(region && { "topology.kubernetes.io/region": region, "failure-domain.beta.kubernetes.io/region": region }),
  };
}

async function tellAddresses(node: Node, { addresses }: Instance, { client }: ControllerContext): Promise<void> {
  if (!addresses) return;
  const wanted = preferred(withHostname(addresses, node), node.metadata.annotations?.[PROVIDED_IP]);
  if (semanticEqual(wanted, node.status.addresses ?? [])) return;
  const { name } = node.metadata;
  await client.patch(
    nodes,
    { name },
    { type: "merge", body: { status: { addresses: wanted } } },
    { subresource: "status" },
  );
}

/** A cloud may not know the host's name; the node does. */
function withHostname(addresses: readonly NodeAddress[], { status }: Node): readonly NodeAddress[] {
  const known = status.addresses?.find(({ type }) => type === "Hostname");
  return known && !addresses.some(({ type }) => type === "Hostname") ? [...addresses, known] : addresses;
}

/** The address that the kubelet was told to have stands before others of its type. */
function preferred(addresses: readonly NodeAddress[], ip: string | undefined): readonly NodeAddress[] {
  const chosen = addresses.filter(({ address }) => address === ip);
  if (ip === undefined || chosen.length === 0) return addresses;
  const types = new Set(chosen.map(({ type }) => type));
  return [...chosen, ...addresses.filter(({ type, address }) => address !== ip && !types.has(type))];
}
