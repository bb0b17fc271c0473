/**
 * Keeps claims that pods use from going: by a finalizer that comes off when no pod uses them any more. Tells by a condition since when none does (gate
 * PersistentVolumeClaimUnusedSinceTime).
 * Watches: claims, pods. Holds: before it lets one go, it asks the server for pods that the cache may not know yet.
 */
import { persistentvolumeclaims, pods } from "@kubets/api/generated/refs";
import type { PersistentVolumeClaimCondition, Pod } from "@kubets/api/generated/types/core-v1";
import { isFinished } from "@kubets/api/pod/state";
import { type Controller, type ControllerContext, on, onRelated, splitKey } from "@kubets/client";
import { type GivenGates, isOpen } from "@kubets/machinery/given-gates";
import { formatTime } from "@kubets/machinery/time";
import { withCondition } from "../conditions.ts";
import { unlessGone } from "../error-text.ts";
import { claimsOf, podsOfClaim } from "../pods/claims.ts";
import { writeStatus } from "../write-status.ts";

const FINALIZER = "kubernetes.io/pvc-protection";

/** A pod that has a node may have the claim mounted until it is gone; one without cannot. */
export const uses = (pod: Pod, claim: string): boolean => Boolean(pod.spec.nodeName) && claimsOf(pod).includes(claim);

export interface PvcProtectionOptions {
  readonly featureGates: GivenGates;
}

/** By any pod that has not ended, also one that waits for a node. */
function useOf(claim: string, { cache, clock }: ControllerContext): PersistentVolumeClaimCondition {
  const isUsed = podsOfClaim(cache, claim).some((pod) => !isFinished(pod));
  return {
    type: "Unused",
    ...(isUsed
      ? { status: "False", reason: "PodUsingPVC", message: "a pod uses the claim" }
      : { status: "True", reason: "NoPodsUsingPVC", message: "no pod uses the claim" }),
    lastTransitionTime: formatTime(clock.now()),
  };
}

export const pvcProtection = ({ featureGates }: PvcProtectionOptions): Controller => ({
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
  async reconcile(key, context) {
    const { cache, client } = context;
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
      else if (isOpen("PersistentVolumeClaimUnusedSinceTime", featureGates)) {
        const conditions = withCondition(claim.status.conditions, useOf(key, context));
        await writeStatus(client, persistentvolumeclaims, claim, { ...claim.status, conditions });
      }
      return;
    }
    if (!finalizers.includes(FINALIZER) || cache.list(pods, namespace).some((pod) => uses(pod, name))) return;
    const fresh = await client.list(pods, { namespace });
    if (!fresh.items.some((pod) => uses(pod, name))) await write(finalizers.filter((each) => each !== FINALIZER));
  },
});
