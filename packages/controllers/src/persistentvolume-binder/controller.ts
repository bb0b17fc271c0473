/**
 * Brings claims and volumes together.
 * Owns: the binding and the phase of both. Watches: claims, volumes; reads storage classes, nodes, pods.
 * Holds: one at a time, so that no volume is given to two claims; a claim of a class that waits for its first consumer waits until the
 * scheduler has chosen a node; volumes are made and deleted by provisioners, which this tells what to do.
 */
import { nodes, persistentvolumeclaims, persistentvolumes, pods, storageclasses } from "@kubets/api/generated/refs";
import type { PersistentVolume, PersistentVolumeClaim } from "@kubets/api/generated/types/core-v1";
import { type Controller, type ControllerContext, keyOf, onRelated, type Requeue, reads } from "@kubets/client";
import { writeStatus } from "../write-status.ts";
import { BIND_COMPLETED, bind, setVolumePhase } from "./bind.ts";
import { bestMatch, classOf, isMeantFor } from "./match.ts";

const SELECTED_NODE = "volume.kubernetes.io/selected-node";
const PROVISIONERS = ["volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner"];
const CLAIM = "claim:";
const VOLUME = "volume:";

interface BinderOptions {
  /** --pvclaimbinder-sync-period */
  readonly pvClaimBinderSyncPeriodMs: number;
  /** --enable-dynamic-provisioning */
  readonly dynamicProvisioning: boolean;
}

export const persistentVolumeBinder = ({
  pvClaimBinderSyncPeriodMs,
  dynamicProvisioning,
}: BinderOptions): Controller => ({
  name: "persistentvolume",
  workers: 1,
  watches: [
    onRelated(persistentvolumeclaims, (claim) => [
      CLAIM + keyOf(claim),
      ...(claim.spec.volumeName ? [VOLUME + claim.spec.volumeName] : []),
    ]),
    onRelated(persistentvolumes, (volume, old, { cache }) => [
      VOLUME + volume.metadata.name,
      ...(volume.spec.claimRef ? [`${CLAIM}${volume.spec.claimRef.namespace}/${volume.spec.claimRef.name}`] : []),
      // A new volume may be what a claim waits for.
      ...(old
        ? []
        : cache
            .list(persistentvolumeclaims)
            .filter(({ spec }) => !spec.volumeName)
            .map((claim) => CLAIM + keyOf(claim))),
    ]),
    reads(storageclasses),
    reads(nodes),
    reads(pods),
  ],
  async reconcile(key, base): Promise<Requeue | void> {
    const context = { ...base, events: base.events.as("persistentvolume-controller") };
    if (key.startsWith(VOLUME)) {
      const volume = context.cache.get(persistentvolumes, key.slice(VOLUME.length));
      return volume && (await syncVolume(volume, context));
    }
    const claim = context.cache.get(persistentvolumeclaims, key.slice(CLAIM.length));
    if (!claim || claim.metadata.deletionTimestamp) return undefined;
    if (claim.metadata.annotations?.[BIND_COMPLETED]) return syncBound(claim, context);
    return (await syncUnbound(claim, dynamicProvisioning, context))
      ? undefined
      : { requeueAfterMs: pvClaimBinderSyncPeriodMs };
  },
});

/** Whether it is bound now. */
async function syncUnbound(
  claim: PersistentVolumeClaim,
  provisions: boolean,
  context: ControllerContext,
): Promise<boolean> {
  const { cache, client } = context;
  const { volumeName } = claim.spec;
  const node = cache.get(nodes, claim.metadata.annotations?.[SELECTED_NODE] ?? "");
  const waits = waitsForConsumer(claim, context);
  const named = volumeName ? cache.get(persistentvolumes, volumeName) : undefined;
  const found = volumeName
    ? named && (!named.spec.claimRef || isMeantFor(named, claim))
      ? named
      : undefined
    : bestMatch(claim, cache.list(persistentvolumes), { onlyMeant: waits, ...(node && { node }) });
  if (found) {
    await bind(client, found, claim);
    return true;
  }
  if (!volumeName) await tellWhy(claim, waits, provisions, context);
  const { phase: _, ...status } = claim.status;
  await writeStatus(client, persistentvolumeclaims, claim, { ...status, phase: "Pending" });
  return false;
}

function waitsForConsumer(claim: PersistentVolumeClaim, { cache }: ControllerContext): boolean {
  const storageClass = cache.get(storageclasses, classOf(claim));
  return storageClass?.volumeBindingMode === "WaitForFirstConsumer" && !claim.metadata.annotations?.[SELECTED_NODE];
}

async function tellWhy(
  claim: PersistentVolumeClaim,
  waits: boolean,
  provisions: boolean,
  { cache, client, events }: ControllerContext,
): Promise<void> {
  const name = classOf(claim);
  if (waits) {
    const waiting = cache
      .list(pods, claim.metadata.namespace)
      .filter(
        ({ spec }) =>
          !spec.nodeName &&
          spec.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === claim.metadata.name),
      );
    if (waiting.length > 0)
      events.event(
        claim,
        "Normal",
        "WaitForPodScheduled",
        `waiting for pod ${waiting.map(({ metadata }) => metadata.name).join(",")} to be scheduled`,
      );
    else
      events.event(claim, "Normal", "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
    return;
  }
  if (!name) {
    events.event(
      claim,
      "Normal",
      "FailedBinding",
      "no persistent volumes available for this claim and no storage class is set",
    );
    return;
  }
  const storageClass = cache.get(storageclasses, name);
  if (!storageClass) {
    events.event(claim, "Warning", "ProvisioningFailed", `storageclass.storage.k8s.io "${name}" not found`);
    return;
  }
  const { provisioner } = storageClass;
  if (!provisions || provisioner === "kubernetes.io/no-provisioner") return;
  const annotations = {
    ...claim.metadata.annotations,
    ...Object.fromEntries(PROVISIONERS.map((each) => [each, provisioner])),
  };
  if (PROVISIONERS.some((each) => claim.metadata.annotations?.[each] !== provisioner))
    await client.update(persistentvolumeclaims, { ...claim, metadata: { ...claim.metadata, annotations } });
  events.event(
    claim,
    "Normal",
    "ExternalProvisioning",
    `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`,
  );
}

async function syncBound(claim: PersistentVolumeClaim, { cache, client, events }: ControllerContext): Promise<void> {
  const volume = cache.get(persistentvolumes, claim.spec.volumeName ?? "");
  const lost = async (reason: string, message: string) => {
    if (claim.status.phase === "Lost") return;
    await writeStatus(client, persistentvolumeclaims, claim, { ...claim.status, phase: "Lost" });
    events.event(claim, "Warning", reason, message);
  };
  if (!claim.spec.volumeName)
    return lost("ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!");
  if (!volume) return lost("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
  if (!volume.spec.claimRef || isMeantFor(volume, claim)) return bind(client, volume, claim);
  return lost("ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly");
}

async function syncVolume(volume: PersistentVolume, { cache, client, enqueue }: ControllerContext): Promise<void> {
  const { claimRef } = volume.spec;
  if (!claimRef?.uid) return setVolumePhase(client, volume, "Available");
  const claim = cache.get(persistentvolumeclaims, `${claimRef.namespace}/${claimRef.name}`);
  if (claim?.metadata.uid === claimRef.uid) {
    // Half bound: the claim does not name it yet.
    if (claim.spec.volumeName !== volume.metadata.name) enqueue(`${CLAIM}${keyOf(claim)}`);
    return undefined;
  }
  // Its claim is gone. What becomes of it now is its provisioner's, or an administrator's.
  if (volume.status.phase !== "Released" && volume.status.phase !== "Failed")
    await setVolumePhase(client, volume, "Released");
  return undefined;
}
