/** Keeps VolumeAttributesClasses that claims or volumes name from going: by a finalizer that comes off when none does any more. */
import { persistentvolumeclaims, persistentvolumes, volumeattributesclasses } from "@kubets/api/generated/refs";
import type { PersistentVolume, PersistentVolumeClaim } from "@kubets/api/generated/types/core-v1";
import { type Controller, on, onRelated } from "@kubets/client";
import { unlessGone } from "../error-text.ts";

const FINALIZER = "kubernetes.io/vac-protection";

/** The classes that a claim has, wants, or is on its way to. */
const classesOfClaim = ({ spec, status }: PersistentVolumeClaim): string[] =>
  named(
    spec.volumeAttributesClassName,
    status.currentVolumeAttributesClassName,
    status.modifyVolumeStatus?.targetVolumeAttributesClassName,
  );

const classesOfVolume = ({ spec }: PersistentVolume): string[] => named(spec.volumeAttributesClassName);

const named = (...names: (string | undefined)[]): string[] =>
  names.filter((name) => name !== undefined && name !== "") as string[];

export const vacProtection = (): Controller => ({
  name: "volumeattributesclass-protection",
  watches: [
    on(volumeattributesclasses),
    onRelated(persistentvolumeclaims, (claim, old) => [...classesOfClaim(claim), ...(old ? classesOfClaim(old) : [])]),
    onRelated(persistentvolumes, (volume, old) => [...classesOfVolume(volume), ...(old ? classesOfVolume(old) : [])]),
  ],
  async reconcile(name, { cache, client }) {
    const found = cache.get(volumeattributesclasses, name);
    if (!found) return;
    const { finalizers = [], deletionTimestamp } = found.metadata;
    const isUsed = () =>
      cache.list(persistentvolumeclaims).some((claim) => classesOfClaim(claim).includes(name)) ||
      cache.list(persistentvolumes).some((volume) => classesOfVolume(volume).includes(name));
    const protectedNow = finalizers.includes(FINALIZER);
    const wanted = deletionTimestamp ? protectedNow && isUsed() : true;
    if (protectedNow === wanted) return;
    const changed = wanted ? [...finalizers, FINALIZER] : finalizers.filter((each) => each !== FINALIZER);
    const metadata = { ...found.metadata, finalizers: changed };
    await unlessGone(client.update(volumeattributesclasses, { ...found, metadata }));
  },
});
