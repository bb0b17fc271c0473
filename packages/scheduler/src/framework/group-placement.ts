/** Where a group of pods may stand, and where its pods would. */
import type { CycleState } from "./cycle-state.ts";
import type { PodInfo } from "./pod-info.ts";
import type { NodeInfo } from "./snapshot.ts";

/** The nodes within which all pods of a group have to stand: those of one domain of a topology, or all there are. */
export type GroupPlacement = readonly NodeInfo[];

export interface PlacedPod {
  readonly info: PodInfo;
  readonly node: string;
  readonly state: CycleState;
  /** No filter that the pod needs looks further than the node. */
  readonly isLocal: boolean;
}

/** What of a group would stand in a placement. */
export interface GroupFit {
  readonly placement: GroupPlacement;
  readonly pods: readonly PlacedPod[];
}

/** Tries a group with the cluster as it is, and leaves nothing behind; undefined where it does not get what it needs. */
export type TryGroup = () => Promise<readonly PlacedPod[] | undefined>;

/** How room is made for a group, or why it is not. */
export type GroupRoom =
  /** The nodes that its pods are nominated for, by uid; `begin` makes the room, unless that has begun. */
  { readonly nodes: ReadonlyMap<string, string>; readonly begin?: () => void } | { readonly message: string };
