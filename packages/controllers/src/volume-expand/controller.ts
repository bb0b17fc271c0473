/**
 * Tells who enlarges a volume when its claim asks for more than it has: the driver, which is no part of the cluster.
 * Owns: nothing but events. Watches: claims; reads volumes.
 */
import { persistentvolumeclaims, persistentvolumes } from "@kubets/api/generated/refs";
import type { PersistentVolumeClaim } from "@kubets/api/generated/types/core-v1";
import { type Controller, keyOf, onRelated, reads } from "@kubets/client";
import { parseQuantity } from "@kubets/machinery/quantity";

/** A claim that waits for its driver to make its volume as large as it asks for. */
function asksForMore({ spec, status }: PersistentVolumeClaim): boolean {
  const [wanted, has] = [spec.resources?.requests?.storage, status.capacity?.storage];
  return status.phase === "Bound" && wanted !== undefined && has !== undefined
    ? parseQuantity(String(wanted)).compare(parseQuantity(String(has))) > 0
    : false;
}

export const volumeExpander = (): Controller => ({
  name: "persistentvolume-expander",
  watches: [
    onRelated(persistentvolumeclaims, (claim, old) =>
      asksForMore(claim) && (!old || claim.spec.resources !== old.spec.resources) ? [keyOf(claim)] : [],
    ),
    reads(persistentvolumes),
  ],
  async reconcile(key, { cache, events }) {
    const claim = cache.get(persistentvolumeclaims, key);
    if (!claim || !asksForMore(claim)) return;
    const volume = cache.get(persistentvolumes, claim.spec.volumeName ?? "");
    if (volume?.spec.claimRef?.uid !== claim.metadata.uid)
      throw new Error(`persistent Volume is not bound to PVC being updated : ${key}`);
    events
      .as("volume_expand")
      .event(claim, "Normal", "ExternalExpanding", "waiting for an external controller to expand this PVC");
  },
});
