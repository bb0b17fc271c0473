/** Keeps volumes that are bound from going: by a finalizer that comes off when no claim is bound to them any more. */
import { persistentvolumes } from "@kubets/api/generated/refs";
import { type Controller, on } from "@kubets/client";
import { unlessGone } from "../error-text.ts";

const FINALIZER = "kubernetes.io/pv-protection";

export const pvProtection = (): Controller => ({
  name: "persistentvolume-protection",
  watches: [on(persistentvolumes)],
  async reconcile(name, { cache, client }) {
    const volume = cache.get(persistentvolumes, name);
    if (!volume) return;
    const { finalizers = [], deletionTimestamp } = volume.metadata;
    const protectedNow = finalizers.includes(FINALIZER);
    const wanted = deletionTimestamp ? protectedNow && volume.status.phase === "Bound" : true;
    if (protectedNow === wanted) return;
    const changed = wanted ? [...finalizers, FINALIZER] : finalizers.filter((each) => each !== FINALIZER);
    await unlessGone(
      client.update(persistentvolumes, { ...volume, metadata: { ...volume.metadata, finalizers: changed } }),
    );
  },
});
