/**
 * Makes the claims of pods' ephemeral volumes: named after pod and volume, owned by the pod, and gone with it.
 * Watches: pods, claims. Holds: a claim of that name that is not the pod's own is left alone, and told of.
 */
import { persistentvolumeclaims, pods } from "@kubets/api/generated/refs";
import type { PersistentVolumeClaim, Pod, Volume } from "@kubets/api/generated/types/core-v1";
import { type Controller, type ControllerContext, controllerReference, on, onOwned } from "@kubets/client";
import { isReason } from "@kubets/machinery";
import { allOf, errorText } from "../error-text.ts";

export const ephemeralVolumes = (): Controller => ({
  name: "ephemeral-volume",
  watches: [on(pods), onOwned(persistentvolumeclaims, pods)],
  async reconcile(key, context) {
    const pod = context.cache.get(pods, key);
    if (!pod || pod.metadata.deletionTimestamp) return;
    await allOf(
      (pod.spec.volumes ?? []).filter(({ ephemeral }) => ephemeral).map((each) => ensure(pod, each, context)),
    );
  },
});

async function ensure(pod: Pod, volume: Volume, { cache, client, events }: ControllerContext): Promise<void> {
  const { namespace } = pod.metadata;
  const name = `${pod.metadata.name}-${volume.name}`;
  const known = cache.get(persistentvolumeclaims, `${namespace}/${name}`);
  if (known) {
    if (isOwnedBy(known, pod)) return;
    throw new Error(
      `PVC "${namespace}/${name}" was not created for pod "${namespace}/${pod.metadata.name}" (pod is not owner)`,
    );
  }
  const template = volume.ephemeral?.volumeClaimTemplate;
  if (!template) return;
  const { annotations, labels } = template.metadata ?? {};
  try {
    await client.create(persistentvolumeclaims, {
      metadata: {
        namespace,
        name,
        ...(annotations && { annotations }),
        ...(labels && { labels }),
        ownerReferences: [controllerReference(pod)],
      },
      spec: template.spec,
    });
  } catch (error) {
    // The cache may not know yet what was made before.
    if (isReason(error, "AlreadyExists")) return;
    events
      .as("ephemeral_volume")
      .event(pod, "Warning", "EphemeralVolumeCreationFailed", `ephemeral volume ${volume.name}: ${errorText(error)}`);
    throw error;
  }
}

const isOwnedBy = ({ metadata }: PersistentVolumeClaim, pod: Pod): boolean =>
  metadata.ownerReferences?.some(({ uid, controller }) => controller && uid === pod.metadata.uid) ?? false;
