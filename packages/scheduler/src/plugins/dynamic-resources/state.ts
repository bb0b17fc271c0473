/** What is known of a pod's claims during one cycle, from the first look to the binding. */
import type { AllocationResult, ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import type { ClaimedResources } from "../../framework/claimed-resources.ts";
import { stateKey } from "../../framework/cycle-state.ts";
import type { NodeInfo } from "../../framework/snapshot.ts";
import type { Solution } from "./allocator.ts";
import type { PodClaim } from "./claims.ts";
import type { ExtendedClaim } from "./extended-claim.ts";
import type { WantedClaim } from "./requests.ts";

/** What devices are looked for: the pod's claims without any, and one for extended resources that a node does not have by itself. */
export interface Way {
  readonly wanted: readonly WantedClaim[];
  /** Absent where nothing is wanted any more. */
  readonly find: ((node: NodeInfo) => Solution) | undefined;
  readonly extended: ExtendedClaim | undefined;
}

export interface Claims {
  /** Replaced by what was written. */
  readonly all: PodClaim[];
  readonly wanted: readonly WantedClaim[];
  /** Those of them that have their devices, and whether these had their time to become ready. */
  readonly allocated: readonly { readonly claim: ResourceClaim; readonly isSpent: boolean }[];
  /** By claim: what was decided for other pods of the group, and is not written yet. */
  readonly joined: ReadonlyMap<string, AllocationResult>;
  /** Extended resources that device classes serve. */
  readonly served: readonly string[];
  /** By the resources that are left to a claim. */
  readonly ways: Map<string, Way>;
  /** How many changes of allocated devices there were by then. */
  readonly seen: number;
  /** Allocated ones that kept a node away. */
  readonly unavailable: Set<ResourceClaim>;
  /** By node, in the order of what was wanted. */
  readonly picks: Map<string, { readonly way: Way; readonly picks: Exclude<Solution, string> }>;
  readonly reserved: Map<string, AllocationResult>;
  /** By node: what they take of its own resources; undefined where that does not count. */
  readonly claimed: Map<string, ClaimedResources> | undefined;
  /** The pod's status tells of it. */
  isTold?: boolean;
  /** Made for extended resources. */
  created?: ResourceClaim;
}

export const CLAIMS = stateKey<Claims>("DynamicResources");
