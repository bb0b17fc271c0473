/** The resource claims of a pod, and who uses them. */
import { resourceclaims } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import type { Cache } from "@kubets/client/controller";

/** How many pods may share a claim. */
const MOST_USERS = 256;

/** The pod's claims, or what keeps them from being used. */
export function claimsOf({ metadata, spec, status }: Pod, cache: Cache): ResourceClaim[] | string {
  const { namespace, name: podName, uid } = metadata;
  const claims: ResourceClaim[] = [];
  for (const { name, resourceClaimName } of spec.resourceClaims ?? []) {
    const made = status.resourceClaimStatuses?.find((known) => known.name === name);
    // A claim that was found unnecessary when it was to be made.
    if (made && !made.resourceClaimName) continue;
    const claimName = resourceClaimName ?? made?.resourceClaimName;
    if (!claimName) return `pod "${namespace}/${podName}": ResourceClaim not created yet`;
    const claim = cache.get(resourceclaims, `${namespace}/${claimName}`);
    if (!claim) return `resourceclaim "${claimName}" not found`;
    if (claim.metadata.deletionTimestamp) return `resourceclaim "${claimName}" is being deleted`;
    if (!resourceClaimName && !claim.metadata.ownerReferences?.some((owner) => owner.controller && owner.uid === uid))
      return `ResourceClaim ${namespace}/${claimName} was not created for pod ${namespace}/${podName} (pod is not owner)`;
    claims.push(claim);
  }
  return claims;
}

export const isReservedFor = ({ status }: ResourceClaim, { metadata }: Pod): boolean =>
  status?.reservedFor?.some(({ uid }) => uid === metadata.uid) ?? false;

/** Whether one more pod may use the allocated claim. */
export const hasRoomFor = (claim: ResourceClaim, pod: Pod): boolean =>
  isReservedFor(claim, pod) || (claim.status?.reservedFor?.length ?? 0) < MOST_USERS;

/** Nobody else uses it. */
export const isOnlyFor = (claim: ResourceClaim, pod: Pod): boolean =>
  (claim.status?.reservedFor ?? []).every(({ uid }) => uid === pod.metadata.uid);
