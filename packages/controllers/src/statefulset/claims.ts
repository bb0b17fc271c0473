/**
 * The claims of a StatefulSet's pods: made before the pod, and by the retention policy owned by the set or by the pod, so that they go
 * with it.
 */
import { persistentvolumeclaims } from "@kubets/api/generated/refs";
import type { StatefulSet } from "@kubets/api/generated/types/apps-v1";
import type { PersistentVolumeClaim, Pod } from "@kubets/api/generated/types/core-v1";
import type { OwnerReference } from "@kubets/api/generated/types/meta-v1";
import { type ControllerContext, ownerReference } from "@kubets/client";
import { deepEqual, isReason } from "@kubets/machinery";
import { errorText } from "../error-text.ts";
import { claimName, newClaim, podName, startOf } from "./identity.ts";

type Context = Pick<ControllerContext, "client" | "cache" | "events">;

export async function ensureClaims(
  set: StatefulSet,
  ordinal: number,
  { client, cache, events }: Context,
): Promise<void> {
  for (const template of set.spec.volumeClaimTemplates ?? []) {
    const name = claimName(template.metadata.name, set, ordinal);
    const found = cache.get(persistentvolumeclaims, `${set.metadata.namespace}/${name}`);
    if (found?.metadata.deletionTimestamp) throw new Error(`pvc ${name} is to be deleted`);
    if (found) continue;
    const pod = podName(set, ordinal);
    try {
      await client.create(persistentvolumeclaims, newClaim(set, template, ordinal));
      events.event(
        set,
        "Normal",
        "SuccessfulCreate",
        `Create Claim ${name} Pod ${pod} in StatefulSet ${set.metadata.name} success`,
      );
    } catch (error) {
      if (isReason(error, "AlreadyExists")) continue;
      events.event(
        set,
        "Warning",
        "FailedCreate",
        `Create Claim ${name} for Pod ${pod} in StatefulSet ${set.metadata.name} failed error: ${errorText(error)}`,
      );
      throw error;
    }
  }
}

/** Whoever must go for the claim to go owns it. */
export async function keepOwners(
  set: StatefulSet,
  ordinal: number,
  pod: Pod | undefined,
  { client, cache }: Context,
): Promise<void> {
  for (const template of set.spec.volumeClaimTemplates ?? []) {
    const claim = cache.get(
      persistentvolumeclaims,
      `${set.metadata.namespace}/${claimName(template.metadata.name, set, ordinal)}`,
    );
    if (!claim || claim.metadata.deletionTimestamp) continue;
    const owners = ownersOf(set, ordinal, pod, claim);
    if (deepEqual(owners, claim.metadata.ownerReferences ?? [])) continue;
    await client.update(persistentvolumeclaims, { ...claim, metadata: { ...claim.metadata, ownerReferences: owners } });
  }
}

function ownersOf(
  set: StatefulSet,
  ordinal: number,
  pod: Pod | undefined,
  claim: PersistentVolumeClaim,
): OwnerReference[] {
  const { whenDeleted = "Retain", whenScaled = "Retain" } = set.spec.persistentVolumeClaimRetentionPolicy ?? {};
  const isCondemned = ordinal < startOf(set) || ordinal >= startOf(set) + (set.spec.replicas ?? 1);
  const present = claim.metadata.ownerReferences ?? [];
  const isSet = ({ kind, uid }: OwnerReference) => kind === "StatefulSet" && uid === set.metadata.uid;
  const isPod = ({ kind, name }: OwnerReference) => kind === "Pod" && name === podName(set, ordinal);
  const others = present.filter((reference) => !isSet(reference) && !isPod(reference));
  const byPod = whenScaled === "Delete" && isCondemned;
  if (byPod) return pod ? [...others, ownerReference(pod)] : [...present];
  return whenDeleted === "Delete"
    ? [...others, { ...ownerReference(set), controller: true, blockOwnerDeletion: true }]
    : others;
}
