/** Which volume fits a claim best: one that is meant for it, else the smallest that is large enough. Pure. */
import type { Node, PersistentVolume, PersistentVolumeClaim } from "@kubets/api/generated/types/core-v1";
import { matchesNodeSelector } from "@kubets/api/pod/node-affinity";
import { labelSelectorOf, parseQuantity, zeroQuantity } from "@kubets/machinery";

const CLASS = "volume.beta.kubernetes.io/storage-class";

export const classOf = ({ metadata, spec }: PersistentVolume | PersistentVolumeClaim): string =>
  metadata.annotations?.[CLASS] ?? spec.storageClassName ?? "";

/** The volume names this claim, and no other of its name. */
export const isMeantFor = ({ spec: { claimRef } }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean =>
  claimRef !== undefined &&
  claimRef.namespace === metadata.namespace &&
  claimRef.name === metadata.name &&
  (!claimRef.uid || claimRef.uid === metadata.uid);

const storageOf = (list: Readonly<Record<string, string>> | undefined) =>
  list?.storage === undefined ? zeroQuantity : parseQuantity(list.storage);

export function bestMatch(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  options: { onlyMeant: boolean; node?: Node },
): PersistentVolume | undefined {
  const asked = storageOf(claim.spec.resources?.requests);
  const selector = claim.spec.selector && labelSelectorOf(claim.spec.selector);
  const fits = (volume: PersistentVolume) =>
    !volume.metadata.deletionTimestamp &&
    (volume.spec.volumeMode ?? "Filesystem") === (claim.spec.volumeMode ?? "Filesystem") &&
    (claim.spec.accessModes ?? []).every((mode) => volume.spec.accessModes?.includes(mode)) &&
    storageOf(volume.spec.capacity).compare(asked) >= 0;
  const meant = volumes.find((volume) => isMeantFor(volume, claim) && fits(volume));
  if (meant || options.onlyMeant) return meant;
  const free = volumes.filter(
    (volume) =>
      !volume.spec.claimRef &&
      (volume.status.phase ?? "Available") === "Available" &&
      fits(volume) &&
      classOf(volume) === classOf(claim) &&
      (!selector || selector.matches(volume.metadata.labels)) &&
      (!options.node ||
        !volume.spec.nodeAffinity?.required ||
        matchesNodeSelector(volume.spec.nodeAffinity.required, options.node)),
  );
  return free.toSorted(
    (a, b) =>
      storageOf(a.spec.capacity).compare(storageOf(b.spec.capacity)) || (a.metadata.name < b.metadata.name ? -1 : 1),
  )[0];
}
