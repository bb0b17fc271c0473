/** The resource claims of a pod, and who uses them. */
import { resourceclaims } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { ResourceClaim, ResourceClaimConsumerReference } from "@kubets/api/generated/types/resource-v1";
import type { PodGroup } from "@kubets/api/generated/types/scheduling-v1alpha2";
import { holderFor } from "@kubets/api/resource/group-claims";
import type { Cache } from "@kubets/client/controller";

/** How many may share a claim: pods, or groups of them. */
const MOST_USERS = 256;

/** A claim of a pod, and who holds it for the pod: itself, or its group. */
export interface PodClaim {
  /** As the pod calls it; absent for one that it does not name. */
  readonly alias?: string;
  readonly claim: ResourceClaim;
  readonly holder: Holder;
}

export type Holder = ResourceClaimConsumerReference;

/** The pod's claims, or what keeps them from being used; those of its group are shared, where a group is given. */
export function claimsOf(pod: Pod, cache: Cache, group?: PodGroup): PodClaim[] | string {
  const { metadata, spec, status } = pod;
  const { namespace, name: podName } = metadata;
  const claims: PodClaim[] = [];
  for (const wanted of spec.resourceClaims ?? []) {
    const { name, resourceClaimName } = wanted;
    const holder = holderFor(pod, wanted, group);
    const made = status.resourceClaimStatuses?.find((known) => known.name === name);
    // A claim that was found unnecessary when it was to be made.
    if (made && !made.resourceClaimName) continue;
    const claimName = resourceClaimName ?? made?.resourceClaimName;
    if (!claimName) return `pod "${namespace}/${podName}": ResourceClaim not created yet`;
    const claim = cache.get(resourceclaims, `${namespace}/${claimName}`);
    if (!claim) return `resourceclaim "${claimName}" not found`;
    if (claim.metadata.deletionTimestamp) return `resourceclaim "${claimName}" is being deleted`;
    const owner = claim.metadata.ownerReferences?.find(({ controller }) => controller);
    if (!resourceClaimName && owner?.uid !== holder.uid)
      return isPod(holder)
        ? `ResourceClaim ${namespace}/${claimName} was not created for pod ${namespace}/${podName} (pod is not owner)`
        : `ResourceClaim ${namespace}/${claimName} was not created for PodGroup ${namespace}/${holder.name} (PodGroup is not owner)`;
    claims.push({ alias: name, claim, holder });
  }
  return claims;
}

export const isPod = ({ resource }: Holder): boolean => resource === "pods";

export const isReservedFor = ({ status }: ResourceClaim, { uid }: Holder): boolean =>
  status?.reservedFor?.some((holder) => holder.uid === uid) ?? false;

/** Whether one more may hold the allocated claim. */
export const hasRoomFor = (claim: ResourceClaim, holder: Holder): boolean =>
  isReservedFor(claim, holder) || (claim.status?.reservedFor?.length ?? 0) < MOST_USERS;

/** Nobody else uses it; of a group nobody knows how many of its pods do. */
export const isOnlyFor = (claim: ResourceClaim, pod: Pod): boolean =>
  (claim.status?.reservedFor ?? []).every(({ uid }) => uid === pod.metadata.uid);
