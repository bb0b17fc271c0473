/** The constraints that refuse nodes, with their counts for one pod. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { stateKey } from "../../framework/cycle-state.ts";
import type { Snapshot } from "../../framework/snapshot.ts";
import { TrialCounts } from "../../framework/trial-counts.ts";
import { type Defaults, type SpreadConstraint, spreadConstraints } from "./constraint.ts";

export interface HardConstraint extends Pick<SpreadConstraint, "maxSkew" | "minDomains"> {
  /** 1 where the pod itself is one of those counted. */
  readonly self: number;
  readonly counts: TrialCounts;
}

export const HARD = stateKey<readonly HardConstraint[]>("PodTopologySpread");

export const hardConstraints = (pod: Pod, snapshot: Snapshot, defaults: Defaults): HardConstraint[] =>
  spreadConstraints(pod, "DoNotSchedule", defaults).map(({ maxSkew, minDomains, selector, counted }) => ({
    maxSkew,
    minDomains,
    self: selector.matches(pod.metadata.labels) ? 1 : 0,
    counts: new TrialCounts(snapshot.counts(counted), (other) => (counted.matches(other.pod) ? 1 : 0)),
  }));
