/** The claims of a pod's volumes: those that are bound, and those whose class waits for the first pod that uses them. */
import { persistentvolumeclaims, storageclasses } from "@kubets/api/generated/refs";
import type { PersistentVolumeClaim, Pod } from "@kubets/api/generated/types/core-v1";
import type { Cache } from "@kubets/client/controller";

export interface PodClaims {
  readonly bound: readonly PersistentVolumeClaim[];
  readonly waiting: readonly PersistentVolumeClaim[];
}

export const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";

/** Undefined where the pod uses none; a text says why it cannot run by now. */
export function claimsOf({ metadata, spec }: Pod, cache: Cache): PodClaims | string | undefined {
  const bound: PersistentVolumeClaim[] = [];
  const waiting: PersistentVolumeClaim[] = [];
  for (const volume of spec.volumes ?? []) {
    if (!volume.persistentVolumeClaim && !volume.ephemeral) continue;
    const name = volume.persistentVolumeClaim?.claimName ?? `${metadata.name}-${volume.name}`;
    const claim = cache.get(persistentvolumeclaims, `${metadata.namespace}/${name}`);
    const problem = claim ? problemOf(claim) : missing(name, volume.ephemeral !== undefined);
    if (problem || !claim) return problem;
    if (isBound(claim)) bound.push(claim);
    else if (waitsForConsumer(claim, cache)) waiting.push(claim);
    else return "pod has unbound immediate PersistentVolumeClaims";
  }
  return bound.length + waiting.length ? { bound, waiting } : undefined;
}

export const isBound = ({ metadata, spec }: PersistentVolumeClaim): boolean =>
  Boolean(spec.volumeName) && metadata.annotations?.[BIND_COMPLETED] !== undefined;

const missing = (name: string, ephemeral: boolean): string =>
  ephemeral
    ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
    : `persistentvolumeclaim "${name}" not found`;

function problemOf({ metadata, spec, status }: PersistentVolumeClaim): string | undefined {
  if (status?.phase === "Lost")
    return `persistentvolumeclaim "${metadata.name}" bound to non-existent persistentvolume "${spec.volumeName}"`;
  return metadata.deletionTimestamp ? `persistentvolumeclaim "${metadata.name}" is being deleted` : undefined;
}

function waitsForConsumer({ spec }: PersistentVolumeClaim, cache: Cache): boolean {
  if (spec.volumeName || !spec.storageClassName) return false;
  return cache.get(storageclasses, spec.storageClassName)?.volumeBindingMode === "WaitForFirstConsumer";
}
