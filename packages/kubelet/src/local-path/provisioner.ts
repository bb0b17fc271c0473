/**
 * Makes volumes for claims out of folders of this node: when the scheduler has chosen the node for a claim of its class, a folder and a persistent volume
 * are made; when the claim has gone and the volume is not to be kept, both go.
 * Holds: the name of the volume follows from the claim, so that one that was made before a crash is found again; a folder is removed before its volume.
 */
import { persistentvolumeclaims, persistentvolumes, storageclasses } from "@kubets/api/generated/refs";
import type { PersistentVolume, PersistentVolumeClaim } from "@kubets/api/generated/types/core-v1";
import type { StorageClass } from "@kubets/api/generated/types/storage-v1";
import { type Controller, type ControllerContext, onRelated, reads } from "@kubets/client";
import { isReason } from "@kubets/machinery";
import type { VolumeFolders } from "./volume-folders.ts";

export const PROVISIONER = "kubets.io/local-path";
/** Who shows the volumes to pods: the storage driver beside it, by a name as drivers have them. */
export const DRIVER = "local-path.kubets.io";
const SELECTED_NODE = "volume.kubernetes.io/selected-node";
const PROVISIONED_BY = "pv.kubernetes.io/provisioned-by";
const HOSTNAME = "kubernetes.io/hostname";

interface LocalPathOptions {
  readonly nodeName: string;
  readonly folders: VolumeFolders;
}

const volumeNameOf = ({ metadata }: Pick<PersistentVolumeClaim, "metadata">): string => `pvc-${metadata.uid}`;

/** Keys are "claim/namespace/name" and "volume/name". */
export const localPathProvisioner = ({ nodeName, folders }: LocalPathOptions): Controller => ({
  name: "local-path-provisioner",
  watches: [
    onRelated(persistentvolumeclaims, ({ metadata: { namespace, name } }) => [`claim/${namespace}/${name}`]),
    onRelated(persistentvolumes, ({ metadata: { name } }) => [`volume/${name}`]),
    reads(storageclasses),
  ],
  async reconcile(key, context) {
    const { cache } = context;
    const [kind, rest] = [key.slice(0, key.indexOf("/")), key.slice(key.indexOf("/") + 1)];
    if (kind === "claim") {
      const claim = cache.get(persistentvolumeclaims, rest);
      const storageClass = cache.get(storageclasses, claim?.spec.storageClassName ?? "");
      if (claim && storageClass && isOurs(claim, storageClass, nodeName))
        await provision(claim, storageClass, nodeName, folders, context);
    } else {
      const volume = cache.get(persistentvolumes, rest);
      if (volume && isToGo(volume, nodeName)) await remove(volume, folders, context);
    }
  },
});

export const isOurs = (claim: PersistentVolumeClaim, storageClass: StorageClass, nodeName: string): boolean =>
  storageClass.provisioner === PROVISIONER &&
  claim.metadata.annotations?.[SELECTED_NODE] === nodeName &&
  !claim.spec.volumeName &&
  !claim.metadata.deletionTimestamp;

const nodeOf = ({ spec }: PersistentVolume): string | undefined =>
  spec.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.find(({ key }) => key === HOSTNAME)?.values?.[0];

const isToGo = (volume: PersistentVolume, nodeName: string): boolean =>
  volume.metadata.annotations?.[PROVISIONED_BY] === PROVISIONER &&
  nodeOf(volume) === nodeName &&
  volume.status.phase === "Released" &&
  volume.spec.persistentVolumeReclaimPolicy === "Delete";

async function provision(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  nodeName: string,
  folders: VolumeFolders,
  { client, cache, events }: ControllerContext,
): Promise<void> {
  const name = volumeNameOf(claim);
  if (cache.get(persistentvolumes, name)) return;
  const { namespace, name: claimName, uid, resourceVersion } = claim.metadata;
  const wanted = `claim "${namespace}/${claimName}"`;
  if (claim.spec.volumeMode === "Block") {
    events.event(
      claim,
      "Warning",
      "ProvisioningFailed",
      `failed to provision volume for ${wanted}: block volumes cannot be made of folders`,
    );
    return;
  }
  events.event(claim, "Normal", "Provisioning", `External provisioner is provisioning volume for ${wanted}`);
  await folders.make(name);
  try {
    await client.create(persistentvolumes, {
      metadata: { name, annotations: { [PROVISIONED_BY]: PROVISIONER } },
      spec: {
        capacity: { storage: claim.spec.resources?.requests?.storage ?? "0" },
        accessModes: claim.spec.accessModes ?? [],
        persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? "Delete",
        storageClassName: storageClass.metadata.name,
        volumeMode: "Filesystem",
        claimRef: { kind: "PersistentVolumeClaim", apiVersion: "v1", namespace, name: claimName, uid, resourceVersion },
        csi: { driver: DRIVER, volumeHandle: name },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: HOSTNAME, operator: "In", values: [nodeName] }] }],
          },
        },
      },
    });
  } catch (error) {
    if (!isReason(error, "AlreadyExists")) throw error;
  }
  events.event(claim, "Normal", "ProvisioningSucceeded", `Successfully provisioned volume ${name}`);
}

async function remove(
  { metadata: { name, uid } }: PersistentVolume,
  folders: VolumeFolders,
  { client }: ControllerContext,
): Promise<void> {
  await folders.remove(name);
  try {
    await client.delete(persistentvolumes, { name }, { preconditions: { uid } });
  } catch (error) {
    if (!isReason(error, "NotFound")) throw error;
  }
}
