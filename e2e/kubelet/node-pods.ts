/** What tests wait for on a node: pods in a phase, pods that are gone, what the node says of itself. */
import { nodes } from "@kubets/api/generated/refs";
import type { PodStatus } from "@kubets/api/generated/types/core-v1";
import { eventually } from "../cluster.ts";
import { NODE, type TestNode } from "./node.ts";

export async function inPhase({ api }: TestNode, name: string, phase: string): Promise<PodStatus> {
  const { status } = await eventually(`${name} ${phase}`, async () => {
    const pod = await api.pod(name);
    return pod?.status.phase === phase && pod;
  });
  return status;
}

export const gone = ({ api }: TestNode, name: string): Promise<boolean> =>
  eventually(`${name} gone`, async () => (await api.pod(name)) === undefined);

/** Without a grace time. */
export async function end(node: TestNode, name: string): Promise<void> {
  await node.api.deletePod(name, 0);
  await gone(node, name);
}

export async function isTold(
  { api }: TestNode,
  condition: string,
  status: "True" | "False" = "True",
): Promise<boolean> {
  const { conditions = [] } = (await api.client.get(nodes, { name: NODE })).status;
  return conditions.find(({ type }) => type === condition)?.status === status;
}
