/** Which pods (by uid) that stand on nodes use which claims (by "namespace/claim"). */
import type { Pod } from "@kubets/api/generated/types/core-v1";

export class ClaimIndex {
  readonly #pods = new Map<string, Set<string>>();

  podsOf(key: string): ReadonlySet<string> | undefined {
    return this.#pods.get(key);
  }

  add(pod: Pod): void {
    for (const key of claimKeys(pod)) {
      const pods = this.#pods.get(key);
      if (pods) pods.add(pod.metadata.uid);
      else this.#pods.set(key, new Set([pod.metadata.uid]));
    }
  }

  remove(pod: Pod): void {
    for (const key of claimKeys(pod)) {
      const pods = this.#pods.get(key);
      pods?.delete(pod.metadata.uid);
      if (pods?.size === 0) this.#pods.delete(key);
    }
  }
}

/** The claims of a pod's volumes, those made for it among them. */
export function claimKeys({ metadata, spec }: Pod): string[] {
  const keys: string[] = [];
  for (const volume of spec.volumes ?? []) {
    if (volume.persistentVolumeClaim) keys.push(`${metadata.namespace}/${volume.persistentVolumeClaim.claimName}`);
    else if (volume.ephemeral) keys.push(`${metadata.namespace}/${metadata.name}-${volume.name}`);
  }
  return keys;
}
