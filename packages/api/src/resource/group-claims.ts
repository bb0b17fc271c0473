/**
 * Claims that pods share as a group: a claim of a pod that its PodGroup asks for in the same words is the group's, held by the group in place of
 * each of its pods.
 */
import { podgroups } from "../generated/refs.ts";
import type { Pod, PodResourceClaim } from "../generated/types/core-v1.ts";
import type { ResourceClaimConsumerReference } from "../generated/types/resource-v1.ts";
import type { PodGroup } from "../generated/types/scheduling-v1alpha2.ts";

/** Both have to be on. */
export const GROUP_CLAIM_GATES = ["GenericWorkload", "DRAWorkloadResourceClaims"] as const;

/** Whether the claim is the group's. */
export const isOfGroup = (wanted: PodResourceClaim, group: PodGroup | undefined): boolean =>
  group?.spec.resourceClaims?.some(
    ({ name, resourceClaimName, resourceClaimTemplateName }) =>
      name === wanted.name &&
      resourceClaimName === wanted.resourceClaimName &&
      resourceClaimTemplateName === wanted.resourceClaimTemplateName,
  ) ?? false;

/** Who holds the claim for the pod. */
export const holderFor = (
  { metadata }: Pod,
  wanted?: PodResourceClaim,
  group?: PodGroup,
): ResourceClaimConsumerReference =>
  group && wanted && isOfGroup(wanted, group)
    ? { apiGroup: podgroups.group, resource: podgroups.resource, name: group.metadata.name, uid: group.metadata.uid }
    : { resource: "pods", name: metadata.name, uid: metadata.uid };

/** By the name alone: a group does not go before its pods. */
export const isHeldByGroupOf = ({ spec }: Pod, { apiGroup, resource, name }: ResourceClaimConsumerReference): boolean =>
  apiGroup === podgroups.group && resource === podgroups.resource && name === spec.schedulingGroup?.podGroupName;
