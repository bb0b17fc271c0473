/**
 * The writes that bind a volume and a claim: first the volume names the claim, then the claim the volume.
 * Holds: each is written only if it is not so yet, and whichever is missing after a crash is written by the next look.
 */
import { persistentvolumeclaims, persistentvolumes } from "@kubets/api/generated/refs";
import type { PersistentVolume, PersistentVolumeClaim } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client";
import { writeStatus } from "../write-status.ts";

export const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
const BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller";

export async function bind(client: Client, volume: PersistentVolume, claim: PersistentVolumeClaim): Promise<void> {
  const bound = await bindVolume(client, volume, claim);
  await setVolumePhase(client, bound, "Bound");
  const completed = await bindClaim(client, bound, claim);
  await setBound(client, bound, completed);
}

async function bindVolume(
  client: Client,
  volume: PersistentVolume,
  { kind, apiVersion, metadata }: PersistentVolumeClaim,
): Promise<PersistentVolume> {
  const { claimRef } = volume.spec;
  if (claimRef?.uid === metadata.uid) return volume;
  const { namespace, name, uid, resourceVersion } = metadata;
  // Who was meant for it by hand was not bound by us, and is not let go by us.
  const annotations = claimRef
    ? volume.metadata.annotations
    : { ...volume.metadata.annotations, [BOUND_BY_CONTROLLER]: "yes" };
  return client.update(persistentvolumes, {
    ...volume,
    metadata: { ...volume.metadata, annotations },
    spec: { ...volume.spec, claimRef: { kind, apiVersion, namespace, name, uid, resourceVersion } },
  });
}

async function bindClaim(
  client: Client,
  { metadata: { name } }: PersistentVolume,
  claim: PersistentVolumeClaim,
): Promise<PersistentVolumeClaim> {
  const annotations = claim.metadata.annotations ?? {};
  if (claim.spec.volumeName === name && annotations[BIND_COMPLETED] === "yes") return claim;
  const marks = {
    ...annotations,
    [BIND_COMPLETED]: "yes",
    ...(!claim.spec.volumeName && { [BOUND_BY_CONTROLLER]: "yes" }),
  };
  return client.update(persistentvolumeclaims, {
    ...claim,
    metadata: { ...claim.metadata, annotations: marks },
    spec: { ...claim.spec, volumeName: name },
  });
}

async function setBound(client: Client, { spec }: PersistentVolume, claim: PersistentVolumeClaim): Promise<void> {
  const capacity =
    claim.status.capacity ?? (spec.capacity?.storage === undefined ? undefined : { storage: spec.capacity.storage });
  await writeStatus(client, persistentvolumeclaims, claim, {
    ...claim.status,
    phase: "Bound",
    accessModes: spec.accessModes,
    capacity,
  });
}

export async function setVolumePhase(client: Client, volume: PersistentVolume, phase: string): Promise<void> {
  const { message: _, ...status } = volume.status;
  await writeStatus(client, persistentvolumes, volume, { ...status, phase });
}
