/**
 * What devices of a pod's claims take of each node's own resources, as plugins found it in this cycle. At its place the pod counts with it from the
 * decision on, before its status tells.
 */
import type { NodeAllocatableResourceClaimStatus } from "@kubets/api/generated/types/core-v1";
import { type CycleState, stateKey } from "./cycle-state.ts";
import { type PodInfo, podInfo } from "./pod-info.ts";

export type ClaimedResources = readonly NodeAllocatableResourceClaimStatus[];

/** By node. */
export const CLAIMED_RESOURCES = stateKey<Map<string, ClaimedResources>>("claimed resources");

export function infoAt(info: PodInfo, node: string, state: CycleState): PodInfo {
  const claimed = state.get(CLAIMED_RESOURCES)?.get(node);
  return claimed?.length ? claiming(info, claimed) : info;
}

export const claiming = ({ pod }: PodInfo, claimed: ClaimedResources): PodInfo =>
  podInfo({ ...pod, status: { ...pod.status, nodeAllocatableResourceClaimStatuses: claimed } });
