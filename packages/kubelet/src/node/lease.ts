/** The node's heartbeat: a Lease renewed every quarter of its duration. A node that is suspended simply does not renew. */
import { leases } from "@kubets/api/generated/refs";
import type { Lease } from "@kubets/api/generated/types/coordination-v1";
import type { Node } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import { type Clock, isReason, type Logger, sleep } from "@kubets/machinery";
import { formatMicroTime } from "@kubets/machinery/time";

interface NodeLeaseOptions {
  readonly client: Pick<Client, "get" | "create" | "update">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodeName: string;
  readonly durationSeconds: number;
  node(): Node | undefined;
  readonly signal: AbortSignal;
}

const NAMESPACE = "kube-node-lease";
const RETRY_MS = 1000;

export async function keepLease(options: NodeLeaseOptions): Promise<void> {
  const { clock, durationSeconds, log, signal } = options;
  let held: Lease | undefined;
  let failures = 0;
  while (!signal.aborted) {
    try {
      held = await renew(options, held);
      failures = 0;
    } catch (error) {
      held = undefined;
      if (signal.aborted) return;
      if (failures++ === 0) log.warn("the node's lease could not be renewed", { error });
    }
    const wait = held ? (durationSeconds * 1000) / 4 : Math.min(7000, RETRY_MS * 2 ** Math.min(failures, 3));
    await sleep(clock, wait, signal).catch(() => {});
  }
}

async function renew(
  { client, clock, nodeName, durationSeconds, node }: NodeLeaseOptions,
  held: Lease | undefined,
): Promise<Lease> {
  const owner = node();
  const renewTime = formatMicroTime(clock.now());
  const current = held ?? (await client.get(leases, { namespace: NAMESPACE, name: nodeName }).catch(unlessMissing));
  const spec = { ...current?.spec, holderIdentity: nodeName, leaseDurationSeconds: durationSeconds, renewTime };
  const ownerReferences = owner && [{ apiVersion: "v1", kind: "Node", name: nodeName, uid: owner.metadata.uid }];
  if (current)
    return await client.update(leases, {
      ...current,
      metadata: { ...current.metadata, ...(ownerReferences && { ownerReferences }) },
      spec,
    });
  return await client.create(leases, {
    metadata: { namespace: NAMESPACE, name: nodeName, ...(ownerReferences && { ownerReferences }) },
    spec,
  });
}

function unlessMissing(error: unknown): undefined {
  if (isReason(error, "NotFound")) return undefined;
  throw error;
}
