/** What the API is told of a node's storage drivers: the CSINode of the node's name, an annotation and labels of the node. */
import { csinodes, nodes } from "@kubets/api/generated/refs";
import type { CSINodeDriver } from "@kubets/api/generated/types/storage-v1";
import type { Client } from "@kubets/client/client";
import { isReason } from "@kubets/machinery";

interface DriverFacts {
  readonly name: string;
  readonly nodeID: string;
  readonly topology: Readonly<Record<string, string>>;
  /** 0 for any number. */
  readonly mostVolumes: number;
}

type Api = Pick<Client, "get" | "create" | "update" | "patch">;

const NODE_IDS = "csi.volume.kubernetes.io/nodeid";
const TRIES = 5;

export async function publishDriver(client: Api, node: string, facts: DriverFacts): Promise<void> {
  const driver: CSINodeDriver = {
    name: facts.name,
    nodeID: facts.nodeID,
    topologyKeys: Object.keys(facts.topology).sort(),
    ...(facts.mostVolumes > 0 && { allocatable: { count: facts.mostVolumes } }),
  };
  await setNodeId(client, node, facts.name, facts.nodeID, facts.topology);
  await changeDrivers(client, node, (drivers) => [...drivers.filter(({ name }) => name !== facts.name), driver]);
}

export async function withdrawDriver(client: Api, node: string, name: string): Promise<void> {
  await changeDrivers(client, node, (drivers) => drivers.filter((driver) => driver.name !== name));
  await setNodeId(client, node, name, undefined, {});
}

async function setNodeId(
  client: Api,
  name: string,
  driver: string,
  id: string | undefined,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const node = await client.get(nodes, { name });
  const { [driver]: before, ...others } = idsOf(node.metadata.annotations?.[NODE_IDS]);
  const missing = Object.entries(labels).some(([label, value]) => node.metadata.labels?.[label] !== value);
  if (before === id && !missing) return;
  const ids = { ...others, ...(id !== undefined && { [driver]: id }) };
  const annotation = Object.keys(ids).length > 0 ? JSON.stringify(ids) : null;
  const metadata = { annotations: { [NODE_IDS]: annotation }, ...(missing && { labels }) };
  await client.patch(nodes, { name }, { type: "merge", body: { metadata } });
}

function idsOf(text: string | undefined): Record<string, string> {
  try {
    return JSON.parse(text ?? "{}") as Record<string, string>;
  } catch {
    return {};
  }
}

async function changeDrivers(
  client: Api,
  name: string,
  change: (drivers: readonly CSINodeDriver[]) => CSINodeDriver[],
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      const found = await client.get(csinodes, { name }).catch((error: unknown) => {
        if (isReason(error, "NotFound")) return undefined;
        throw error;
      });
      const drivers = change(found?.spec.drivers ?? []);
      if (found) await client.update(csinodes, { ...found, spec: { ...found.spec, drivers } });
      else if (drivers.length > 0) {
        const { uid } = (await client.get(nodes, { name })).metadata;
        const ownerReferences = [{ apiVersion: "v1", kind: "Node", name, uid }];
        await client.create(csinodes, { metadata: { name, ownerReferences }, spec: { drivers } });
      }
      return;
    } catch (error) {
      const stale = isReason(error, "Conflict") || isReason(error, "AlreadyExists");
      if (!stale || tries === TRIES) throw error;
    }
  }
}
