/** A resource of which a node has so much as a behaviour says: what it takes to fill a node without filling the machine. */
import { nodes, priorityclasses } from "@kubets/api/generated/refs";
import type { Node } from "@kubets/api/generated/types/core-v1";
import type { BehaviourContext } from "../context.ts";
import { container } from "../objects.ts";

export const SCARCE = "kubets.example.com/scarce";

/** Gives the first ready node so much of it, and takes it away at the end. */
export async function withScarce({ client, cleanup }: BehaviourContext, amount: number): Promise<Node> {
  const { items } = await client.list(nodes);
  const node = items.find(({ spec, status }) => !spec.taints?.length && isReady(status)) as Node;
  const { name } = node.metadata;
  const set = (value: string | null) =>
    client.patch(
      nodes,
      { name },
      { type: "merge", body: { status: { capacity: { [SCARCE]: value }, allocatable: { [SCARCE]: value } } } },
      { subresource: "status" },
    );
  await set(String(amount));
  cleanup(() => set(null));
  return node;
}

const isReady = ({ conditions }: Node["status"]) =>
  conditions?.some(({ type, status }) => type === "Ready" && status === "True");

export const scarcePod = (name: string, amount: number, more: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [container(undefined, { resources: { limits: { [SCARCE]: String(amount) } } })],
    ...more,
  },
});

/** A class of its own for the behaviour; its name. */
export async function priorityClass({ client, cleanup, name }: BehaviourContext, value: number): Promise<string> {
  const own = name("priority");
  await client.create(priorityclasses, { metadata: { name: own }, value });
  cleanup(() => client.delete(priorityclasses, { name: own }));
  return own;
}
