/**
 * The clusters that behaviours run on, each brought up once and shared: one of simulated nodes, one of real containers, or one that is there
 * already and named by a kubeconfig.
 */
import { join } from "node:path";
import { nodes } from "@kubets/api/generated/refs";
import type { Client, Transport } from "@kubets/client";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { clusterPlace, namespaceFolder } from "@kubets/sandbox/inventory/place";
import { eventually, type TestCluster, upCluster, whyNoContainers } from "../cluster.ts";
import type { Behaviour } from "./behaviour.ts";
import { buildTestImage } from "./test-image.ts";

export interface BehaviourCluster {
  readonly kind: "simulated" | "containers" | "foreign";
  readonly kubeconfig: string;
  readonly server: string;
  /** In PEM. */
  readonly ca: string | undefined;
  readonly client: Client;
  readonly transport: Transport;
  /** The file of the network namespace that its API server is in; undefined for this machine's own. */
  readonly net?: string;
  /** Names of the nodes that take pods. */
  readonly nodes: readonly string[];
  close(): Promise<void>;
}

/** Simulated nodes are many enough for whatever spreads over nodes; real ones cost. */
const SIMULATED_NODES = 3;
const REAL_NODES = 2;

export async function bringUp(kind: "simulated" | "containers"): Promise<BehaviourCluster> {
  const real = kind === "containers";
  const cluster = upCluster({
    nodes: real ? REAL_NODES : SIMULATED_NODES,
    suffix: kind.slice(0, 3),
    flags: real ? [] : ["--simulated"],
  });
  try {
    if (real) buildTestImage(cluster);
    const reached = await reach(kind, cluster.kubeconfig, real ? REAL_NODES : SIMULATED_NODES);
    return {
      ...reached,
      ...(real && { net: controlPlaneNet(cluster) }),
      async close() {
        await reached.close();
        cluster.down();
      },
    };
  } catch (error) {
    cluster.down();
    throw error;
  }
}

const controlPlaneNet = ({ name, home }: TestCluster): string =>
  join(namespaceFolder(clusterPlace(name, home)), "control-plane", "net");

/** A cluster that somebody else runs; it must have the images that behaviours use. */
export const foreign = (kubeconfig: string): Promise<BehaviourCluster> => reach("foreign", kubeconfig, 1);

async function reach(kind: BehaviourCluster["kind"], kubeconfig: string, count: number): Promise<BehaviourCluster> {
  const connection = await connectionFrom({ kubeconfig }, machineReading());
  const { client, transport } = await openClient(connection, "behaviours");
  const ready = await eventually(`${count} ready nodes`, async () => {
    const { items } = await client.list(nodes);
    const names = items
      .filter(
        ({ spec, status }) =>
          !spec.unschedulable && status.conditions?.some((each) => each.type === "Ready" && each.status === "True"),
      )
      .map(({ metadata }) => metadata.name);
    return names.length >= count && names;
  });
  return {
    kind,
    kubeconfig,
    server: connection.server,
    ca: connection.ca,
    client,
    transport,
    nodes: ready,
    close: async () => {
      await transport.close();
    },
  };
}

/** Why a behaviour cannot run on a cluster of this kind, or undefined. */
export function whyNotOn(behaviour: Behaviour, cluster: BehaviourCluster): string | undefined {
  if (behaviour.on === "containers" && cluster.kind === "simulated") return "needs real containers";
  const { nodes: needed = 1 } = behaviour;
  return cluster.nodes.length < needed ? `needs ${needed} nodes, there are ${cluster.nodes.length}` : undefined;
}

/** Which cluster a behaviour runs on when nobody chose: the cheapest that can show it. */
export const cheapestFor = ({ on }: Behaviour): "simulated" | "containers" =>
  on === "containers" ? "containers" : "simulated";

export { whyNoContainers };
