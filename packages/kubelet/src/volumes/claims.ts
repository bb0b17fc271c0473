/**
 * What stands behind a claim that a pod names: the volume that it is bound to, as if the pod named that itself.
 * Holds: a claim is only used when it is bound and the volume says so too; a generic ephemeral volume's claim belongs to the pod.
 */
import { persistentvolumeclaims, persistentvolumes } from "@kubets/api/generated/refs";
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import { VolumeError } from "./volume.ts";

export interface ClaimedVolume {
  /** With the source of the persistent volume in place of the claim. */
  readonly volume: Volume;
  readonly claim: PersistentVolumeClaim;
  readonly persistent: PersistentVolume;
}

/** Undefined for a volume that is no claim. */
export async function claimedVolume(
  pod: Pod,
  volume: Volume,
  client: Pick<Client, "get">,
): Promise<ClaimedVolume | undefined> {
  const name = volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral && `${pod.metadata.name}-${volume.name}`);
  if (!name) return undefined;
  const { namespace } = pod.metadata;
  const fail = (why: string) => new VolumeError(`error processing PVC ${namespace}/${name}: ${why}`);
  const claim = await client.get(persistentvolumeclaims, { namespace, name }).catch((error: Error) => {
    throw fail(`failed to fetch PVC from API server: ${error.message}`);
  });
  if (volume.ephemeral && !claim.metadata.ownerReferences?.some(({ uid }) => uid === pod.metadata.uid))
    throw fail(`PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata.name} (pod is not owner)`);
  const { volumeName } = claim.spec;
  if (claim.metadata.deletionTimestamp) throw fail("PVC is being deleted");
  if (claim.status.phase !== "Bound" || !volumeName) throw fail("PVC is not bound");
  const persistent = await client.get(persistentvolumes, { name: volumeName }).catch((error: Error) => {
    throw fail(`failed to fetch PV ${volumeName} from API server: ${error.message}`);
  });
  if (persistent.spec.claimRef?.uid !== claim.metadata.uid)
    throw fail(`PV ${volumeName} spec.pvcRef.uid does not match PVC ${claim.metadata.uid}`);
  return { volume: sourceOf(volume, persistent), claim, persistent };
}

/** The kinds of sources that pods and persistent volumes share; `local` only the latter have. */
function sourceOf({ name }: Volume, { spec }: PersistentVolume): Volume {
  const isBlock = spec.volumeMode === "Block";
  if (spec.csi) return { name, csi: { driver: spec.csi.driver } };
  // A folder or a device of the node that must be there already.
  if (spec.local) return { name, hostPath: { path: spec.local.path, type: isBlock ? "BlockDevice" : "Directory" } };
  if (spec.iscsi) return { name, iscsi: { ...spec.iscsi, secretRef: { name: spec.iscsi.secretRef?.name ?? "" } } };
  if (isBlock)
    throw new VolumeError("of block volumes this kubelet knows those of CSI drivers, of iSCSI, and local ones");
  if (spec.hostPath) return { name, hostPath: spec.hostPath };
  if (spec.nfs) return { name, nfs: spec.nfs };
  const kind = Object.keys(spec).find((key) => typeof spec[key as keyof typeof spec] === "object");
  throw new VolumeError(`persistent volumes of the kind ${kind ?? "(none)"} are not supported by this kubelet`);
}
