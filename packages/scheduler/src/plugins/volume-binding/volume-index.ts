/** Volumes by their class and the node that alone reaches them, in step with each change: for a node no more of them are looked at than could suit. */
import { persistentvolumes } from "@kubets/api/generated/refs";
import type { Node, PersistentVolume } from "@kubets/api/generated/types/core-v1";
import type { Handle } from "../../framework/handle.ts";

const HOSTNAME = "kubernetes.io/hostname";

export class VolumeIndex {
  readonly #groups = new Map<string, Map<string, PersistentVolume>>();

  constructor({ cache, signal }: Pick<Handle, "cache" | "signal">) {
    const subscription = cache.informer(persistentvolumes).subscribe({
      added: (volume) => this.#set(volume),
      changed: (volume, old) => {
        this.#delete(old);
        this.#set(volume);
      },
      deleted: (volume) => this.#delete(volume),
    });
    signal.addEventListener("abort", () => subscription.stop(), { once: true });
  }

  /** Those of the class that no other node has for itself. */
  *candidates(storageClass: string, { metadata }: Node): Generator<PersistentVolume> {
    const host = metadata.labels?.[HOSTNAME];
    for (const name of host ? [host, ""] : [""]) yield* this.#groups.get(keyOf(storageClass, name))?.values() ?? [];
  }

  #set(volume: PersistentVolume): void {
    const key = keyOf(volume.spec.storageClassName ?? "", onlyHost(volume));
    const group = this.#groups.get(key);
    if (group) group.set(volume.metadata.name, volume);
    else this.#groups.set(key, new Map([[volume.metadata.name, volume]]));
  }

  #delete(volume: PersistentVolume): void {
    const key = keyOf(volume.spec.storageClassName ?? "", onlyHost(volume));
    const group = this.#groups.get(key);
    group?.delete(volume.metadata.name);
    if (group?.size === 0) this.#groups.delete(key);
  }
}

const keyOf = (storageClass: string, host: string): string => `${storageClass}/${host}`;

/** The host that the volume's node affinity names, if it says nothing else. */
function onlyHost({ spec }: PersistentVolume): string {
  const [term, ...others] = spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const [expression, ...more] = term?.matchExpressions ?? [];
  if (!expression || others.length || more.length || term?.matchFields?.length) return "";
  const { key, operator, values = [] } = expression;
  return key === HOSTNAME && operator === "In" && values.length === 1 ? (values[0] as string) : "";
}
