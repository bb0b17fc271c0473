/** The claims of a pod: those it names, and those that are made for its ephemeral volumes. */
import { persistentvolumeclaims, pods } from "@kubets/api/generated/refs";
import type { PersistentVolumeClaim, Pod } from "@kubets/api/generated/types/core-v1";
import type { Cache } from "@kubets/client";

const BY_CLAIM = "claim";

export const claimsOf = ({ spec, metadata }: Pod): string[] =>
  (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) =>
    persistentVolumeClaim ? [persistentVolumeClaim.claimName] : ephemeral ? [`${metadata.name}-${name}`] : [],
  );

const keysOf = (pod: Pod): readonly string[] => claimsOf(pod).map((name) => `${pod.metadata.namespace}/${name}`);

/** The pods that use a claim, by its key. */
export function podsOfClaim(cache: Cache, claim: string): readonly Pod[] {
  const informer = cache.informer(pods);
  informer.addIndex(BY_CLAIM, keysOf);
  return informer.indexed(BY_CLAIM, claim);
}

/** The claims of a pod that exist and are its own where they are made for it. */
export const foundClaims = (cache: Cache, pod: Pod): PersistentVolumeClaim[] =>
  keysOf(pod).flatMap((key) => cache.get(persistentvolumeclaims, key) ?? []);
