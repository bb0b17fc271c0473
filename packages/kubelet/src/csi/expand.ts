/** Grows a volume on the node when its persistent volume has grown, and says in the claim that it has. */
import { persistentvolumeclaims } from "@kubets/api/generated/refs";
import type { PersistentVolume, PersistentVolumeClaim } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import { parseQuantity } from "@kubets/machinery/quantity";
import type { ClaimedVolume } from "../volumes/claims.ts";
import type { CsiDriver } from "./drivers.ts";
import { Node, type VolumeCapability } from "./messages.ts";

export interface ExpandPlace {
  /** "" for a driver that stages nothing. */
  readonly staged: string;
  readonly target: string;
  readonly capability: VolumeCapability;
}

const RESIZING = new Set(["Resizing", "FileSystemResizePending", "NodeResizeError"]);

/** The size that the volume is to have, when the claim does not have it yet. */
export function sizeToReach(claim: PersistentVolumeClaim, volume: PersistentVolume): string | undefined {
  const [has, wanted] = [claim.status.capacity?.storage, volume.spec.capacity?.storage];
  if (!has || !wanted) return undefined;
  return parseQuantity(wanted).compare(parseQuantity(has)) > 0 ? wanted : undefined;
}

export async function expandOnNode(
  client: Pick<Client, "patch">,
  driver: CsiDriver,
  { claim, persistent }: ClaimedVolume,
  { staged, target, capability }: ExpandPlace,
): Promise<void> {
  const wanted = sizeToReach(claim, persistent);
  if (!wanted) return;
  if (driver.can("expand"))
    await driver.call(Node.expand, {
      volumeId: persistent.spec.csi?.volumeHandle ?? "",
      volumePath: target,
      capacityRange: { requiredBytes: parseQuantity(wanted).value() },
      stagingTargetPath: staged,
      volumeCapability: capability,
      secrets: {},
    });
  const { namespace, name } = claim.metadata;
  const conditions = (claim.status.conditions ?? []).filter(({ type }) => !RESIZING.has(type));
  const status = { capacity: { storage: wanted }, conditions, allocatedResourceStatuses: null };
  await client.patch(
    persistentvolumeclaims,
    { namespace, name },
    { type: "merge", body: { status } },
    { subresource: "status" },
  );
}
