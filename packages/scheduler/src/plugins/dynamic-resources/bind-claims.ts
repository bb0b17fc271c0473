/** Writes what was decided into claims: their devices, and who uses them; and takes it back. Claims that others changed meanwhile are read anew. */
import { pods, resourceclaims } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { AllocationResult, ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import type { Client } from "@kubets/client/client";
import { deepEqual } from "@kubets/machinery/deep-equal";
import { isReason } from "@kubets/machinery/status-error";
import type { ClaimedResources } from "../../framework/claimed-resources.ts";
import { type Holder, isReservedFor } from "./claims.ts";

/** Keeps the claim as long as it has devices. */
const FINALIZER = "resource.kubernetes.io/delete-protection";
const MOST_TRIES = 5;

/** Reserves the claim for its holder, with the allocation where it has none yet: another pod of the group may have written it. */
export async function bindClaim(
  client: Client,
  claim: ResourceClaim,
  holder: Holder,
  allocation: AllocationResult | undefined,
): Promise<ResourceClaim> {
  const isAsDecided = (now: AllocationResult | undefined) =>
    deepEqual(now, claim.status?.allocation) || (now && allocation && deepEqual(now.devices, allocation.devices));
  // What is known of a reservation may be from a try before this one, and taken back since.
  let current = isReservedFor(claim, holder) ? await client.get(resourceclaims, keyOf(claim)) : claim;
  for (let tries = 1; ; tries++) {
    if (!isAsDecided(current.status?.allocation))
      throw new Error(`claim ${nameOf(claim)} got allocated elsewhere in the meantime`);
    try {
      return await write(client, current, holder, current.status?.allocation ? undefined : allocation);
    } catch (error) {
      if (!isReason(error, "Conflict") || tries === MOST_TRIES) throw error;
      current = await client.get(resourceclaims, keyOf(claim));
    }
  }
}

async function write(
  client: Client,
  claim: ResourceClaim,
  holder: Holder,
  allocation: AllocationResult | undefined,
): Promise<ResourceClaim> {
  if (claim.metadata.deletionTimestamp) throw new Error(`claim ${nameOf(claim)} got deleted in the meantime`);
  if (isReservedFor(claim, holder)) return claim;
  let current = claim;
  const { finalizers = [] } = claim.metadata;
  if (allocation && !finalizers.includes(FINALIZER)) {
    const metadata = { ...claim.metadata, finalizers: [...finalizers, FINALIZER] };
    current = await client.update(resourceclaims, { ...claim, metadata });
  }
  const status = {
    ...current.status,
    ...(allocation ? { allocation } : {}),
    reservedFor: [...(current.status?.reservedFor ?? []), holder],
  };
  return client.update(resourceclaims, { ...current, status }, { subresource: "status" });
}

/** The pod does not use it after all; unless it runs, by another scheduler or by a binding whose answer was lost. */
export async function unreserveClaim(client: Client, claim: ResourceClaim, pod: Pod): Promise<void> {
  if (await isPlaced(client, pod)) return;
  const { uid } = claim.metadata;
  const body = { metadata: { uid }, status: { reservedFor: [{ $patch: "delete", uid: pod.metadata.uid }] } };
  await client.patch(resourceclaims, keyOf(claim), { type: "strategic", body }, { subresource: "status" });
}

/** A claim that was made for this pod alone goes, its devices first. */
export async function withdrawClaim(client: Client, claim: ResourceClaim, pod: Pod): Promise<void> {
  if (await isPlaced(client, pod)) return;
  await unreserveClaim(client, claim, pod);
  const { uid } = claim.metadata;
  await client.delete(resourceclaims, keyOf(claim), { preconditions: { uid } });
}

/** Tells in the pod's status what its claims take of the node's own resources. */
export async function tellClaimed(client: Client, pod: Pod, claimed: ClaimedResources | null): Promise<void> {
  const { namespace, name, uid } = pod.metadata;
  const body = { metadata: { uid }, status: { nodeAllocatableResourceClaimStatuses: claimed } };
  await client.patch(pods, { namespace, name }, { type: "strategic", body }, { subresource: "status" });
}

export async function untellClaimed(client: Client, pod: Pod): Promise<void> {
  if (!(await isPlaced(client, pod))) await tellClaimed(client, pod, null);
}

async function isPlaced(client: Client, { metadata: { namespace, name, uid } }: Pod): Promise<boolean> {
  try {
    const now = await client.get(pods, { namespace, name });
    return now.metadata.uid === uid && Boolean(now.spec.nodeName);
  } catch (error) {
    if (isReason(error, "NotFound")) return false;
    throw error;
  }
}

/** Gives the claim's devices back, so that others can be found for it. */
export async function deallocate(client: Client, claim: ResourceClaim): Promise<void> {
  const { allocation: _, reservedFor: __, devices: ___, ...status } = claim.status;
  await client.update(resourceclaims, { ...claim, status }, { subresource: "status" });
}

const nameOf = ({ metadata: { namespace, name } }: ResourceClaim) => `${namespace}/${name}`;
const keyOf = ({ metadata: { namespace, name } }: ResourceClaim) => ({ namespace, name });
