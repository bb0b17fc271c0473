/**
 * Keeps claims that pods use from going: by a finalizer that comes off when no pod uses them any more.
 * Watches: claims, pods. Holds: before it lets one go, it asks the server for pods that the cache may not know yet.
 */
import { persistentvolumeclaims, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { isFinished } from "@kubets/api/pod/state";
import { type Controller, on, onRelated, splitKey } from "@kubets/client";
import { unlessGone } from "../error-text.ts";
import { claimsOf } from "../pods/claims.ts";

const FINALIZER = "kubernetes.io/pvc-protection";

/** A pod that has a node may have the claim mounted until it is gone; one without cannot. */
export const uses = (pod: Pod, claim: string): boolean => Boolean(pod.spec.nodeName) && claimsOf(pod).includes(claim);

export const pvcProtection = (): Controller => ({
  name: "persistentvolumeclaim-protection",
  watches: [
    on(persistentvolumeclaims),
    onRelated(pods, (pod, old) => {
      const over =
        !old ||
        isFinished(pod) ||
        pod.metadata.deletionTimestamp !== undefined ||
        old.metadata.uid !== pod.metadata.uid;
      return over
        ? [...claimsOf(pod), ...(old ? claimsOf(old) : [])].map((name) => `${pod.metadata.namespace}/${name}`)
        : [];
    }),
  ],
  async reconcile(key, { cache, client }) {
    const claim = cache.get(persistentvolumeclaims, key);
    if (!claim) return;
    const { namespace, name } = splitKey(key);
    const { finalizers = [], deletionTimestamp } = claim.metadata;
    const write = (changed: readonly string[]) =>
      unlessGone(
        client.update(persistentvolumeclaims, { ...claim, metadata: { ...claim.metadata, finalizers: changed } }),
      );
    if (!deletionTimestamp) {
      if (!finalizers.includes(FINALIZER)) await write([...finalizers, FINALIZER]);
      return;
    }
    if (!finalizers.includes(FINALIZER) || cache.list(pods, namespace).some((pod) => uses(pod, name))) return;
    const fresh = await client.list(pods, { namespace });
    if (!fresh.items.some((pod) => uses(pod, name))) await write(finalizers.filter((each) => each !== FINALIZER));
  },
});
