/** Grows a volume on the node when its persistent volume has grown, and says in the claim that it has. */
import { persistentvolumeclaims } from "@kubets/api/generated/refs";
import type { PersistentVolume, PersistentVolumeClaim, Pod } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import type { EventRecorder } from "@kubets/client/event-recorder";
import { parseQuantity } from "@kubets/machinery/quantity";
import type { ClaimedVolume } from "../volumes/claims.ts";
import type { CsiDriver } from "./drivers.ts";
import { Node, type VolumeCapability } from "./messages.ts";

interface ExpandTools {
  readonly client: Pick<Client, "patch">;
  readonly events: EventRecorder;
  readonly nodeName: string;
}

interface ExpandPlace {
  readonly pod: Pod;
  /** "" for a driver that stages nothing. */
  readonly staged: string;
  readonly target: string;
  readonly capability: VolumeCapability;
}

const RESIZING = new Set(["Resizing", "FileSystemResizePending", "NodeResizeError"]);

/** The size that the volume is to have, when the claim does not have it yet. */
function sizeToReach(claim: PersistentVolumeClaim, volume: PersistentVolume): string | undefined {
  const [has, wanted] = [claim.status.capacity?.storage, volume.spec.capacity?.storage];
  if (!has || !wanted) return undefined;
  return parseQuantity(wanted).compare(parseQuantity(has)) > 0 ? wanted : undefined;
}

export async function expandOnNode(
  { client, events, nodeName }: ExpandTools,
  driver: CsiDriver,
  { claim, persistent }: ClaimedVolume,
  { pod, staged, target, capability }: ExpandPlace,
): Promise<void> {
  const wanted = sizeToReach(claim, persistent);
  if (!wanted) return;
  const volume = persistent.metadata.name;
  const conditions = (claim.status.conditions ?? []).filter(({ type }) => !RESIZING.has(type));
  if (driver.can("expand")) {
    try {
      await driver.call(Node.expand, {
        volumeId: persistent.spec.csi?.volumeHandle ?? "",
        volumePath: target,
        capacityRange: { requiredBytes: parseQuantity(wanted).value() },
        stagingTargetPath: staged,
        volumeCapability: capability,
        secrets: {},
      });
    } catch (error) {
      const { message } = error as Error;
      const failed = `NodeExpandVolume.NodeExpandVolume failed for volume "${volume}" : ${message}`;
      for (const about of [pod, claim]) events.event(about, "Warning", "VolumeResizeFailed", failed);
      const condition = { type: "NodeResizeError", status: "True", message: failed } as const;
      await writeStatus(client, claim, { conditions: [...conditions, condition] });
      throw error;
    }
    const done = `MountVolume.NodeExpandVolume succeeded for volume "${volume}" ${nodeName}`;
    for (const about of [pod, claim]) events.event(about, "Normal", "FileSystemResizeSuccessful", done);
  }
  await writeStatus(client, claim, { capacity: { storage: wanted }, conditions, allocatedResourceStatuses: null });
}

const writeStatus = (
  client: Pick<Client, "patch">,
  { metadata: { namespace, name } }: PersistentVolumeClaim,
  status: object,
) =>
  client.patch(
    persistentvolumeclaims,
    { namespace, name },
    { type: "merge", body: { status } },
    { subresource: "status" },
  );
