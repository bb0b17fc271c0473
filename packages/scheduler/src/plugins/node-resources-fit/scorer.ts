/** How good a node's use of resources would be with the pod on it: the weighted mean over resources, 0..100 each. */
import type { GroupFit } from "../../framework/group-placement.ts";
import type { NonZero, PodInfo } from "../../framework/pod-info.ts";
import { amountOf, ResourceSum } from "../../framework/resources.ts";
import { MAX_SCORE } from "../../framework/scoring.ts";
import { type ShapePoint, scoreByShape } from "../../framework/shape.ts";
import type { NodeInfo } from "../../framework/snapshot.ts";

export interface ScoringStrategy {
  readonly type?: "LeastAllocated" | "MostAllocated" | "RequestedToCapacityRatio";
  readonly resources?: readonly { readonly name: string; readonly weight?: number }[];
  readonly requestedToCapacityRatio?: { readonly shape?: readonly ShapePoint[] };
}

type Asking = Pick<PodInfo, "requests" | "nonZeroRequests">;
type Room = Pick<NodeInfo, "allocatable" | "requested" | "nonZeroRequested">;
type Scorer = (pod: Asking, node: Room) => number;
/** The score of one resource; undefined leaves it out. */
type ResourceScore = (requested: number, capacity: number) => number | undefined;

const CPU_AND_MEMORY = [
  { name: "cpu", weight: 1 },
  { name: "memory", weight: 1 },
];

export function scorerOf(strategy: ScoringStrategy = {}): Scorer {
  const resources = (strategy.resources?.length ? strategy.resources : CPU_AND_MEMORY).map(({ name, weight = 1 }) => ({
    name,
    weight,
  }));
  const shape = strategy.requestedToCapacityRatio?.shape;
  switch (strategy.type ?? "LeastAllocated") {
    case "LeastAllocated":
      return weightedMean(resources, leastAllocated, Math.trunc);
    case "MostAllocated":
      return weightedMean(resources, mostAllocated, Math.trunc);
    case "RequestedToCapacityRatio":
      return weightedMean(resources, byShape(shape ?? []), Math.round);
  }
}

/** How full the nodes of a placement would be with all pods of the group that have a place there, as if they were one node. */
export function placementScorerOf({ resources }: ScoringStrategy = {}): (fit: GroupFit) => number {
  const scorer = scorerOf({ type: "MostAllocated", ...(resources ? { resources } : {}) });
  return ({ placement, pods }) => {
    const asked = { requests: new ResourceSum(), nonZeroRequests: { milliCpu: 0, memory: 0 } };
    for (const { info } of pods) {
      asked.requests.add(info.requests);
      addTo(asked.nonZeroRequests, info.nonZeroRequests);
    }
    const all = {
      allocatable: new ResourceSum(),
      requested: new ResourceSum(),
      nonZeroRequested: { milliCpu: 0, memory: 0 },
    };
    for (const { allocatable, requested, nonZeroRequested } of placement) {
      all.allocatable.add(allocatable);
      all.requested.add(requested);
      addTo(all.nonZeroRequested, nonZeroRequested);
    }
    return scorer(asked, all);
  };
}

function addTo(sum: { milliCpu: number; memory: number }, { milliCpu, memory }: NonZero): void {
  sum.milliCpu += milliCpu;
  sum.memory += memory;
}

export const leastAllocated: ResourceScore = (requested, capacity) =>
  requested > capacity ? 0 : Math.trunc(((capacity - requested) * MAX_SCORE) / capacity);

export const mostAllocated: ResourceScore = (requested, capacity) =>
  Math.trunc((Math.min(requested, capacity) * MAX_SCORE) / capacity);

/** A score of 0 does not count. */
export function byShape(shape: readonly ShapePoint[]): ResourceScore {
  const scoreAt = scoreByShape(shape);
  return (requested, capacity) => {
    const score = scoreAt(requested > capacity ? 100 : Math.trunc((requested * 100) / capacity));
    return score > 0 ? score : undefined;
  };
}

function weightedMean(
  resources: readonly { readonly name: string; readonly weight: number }[],
  scoreOf: ResourceScore,
  round: (score: number) => number,
): Scorer {
  return (pod, node) => {
    let sum = 0;
    let weights = 0;
    for (let i = 0; i < resources.length; i++) {
      const { name, weight } = resources[i] as (typeof resources)[number];
      const capacity = amountOf(node.allocatable, name);
      if (capacity === 0 || (isExtended(name) && amountOf(pod.requests, name) === 0)) continue;
      const score = scoreOf(requestedWith(pod, node, name), capacity);
      if (score === undefined) continue;
      sum += score * weight;
      weights += weight;
    }
    return weights === 0 ? 0 : round(sum / weights);
  };
}

/** What would be asked for on the node; pods that ask for no CPU or memory count with a little of it. */
function requestedWith(pod: Asking, node: Room, name: string): number {
  if (name === "cpu") return node.nonZeroRequested.milliCpu + pod.nonZeroRequests.milliCpu;
  if (name === "memory") return node.nonZeroRequested.memory + pod.nonZeroRequests.memory;
  return amountOf(node.requested, name) + amountOf(pod.requests, name);
}

/** Where the pod asks for none of it, such a resource says nothing of the node. */
export const isExtended = (name: string): boolean =>
  name !== "cpu" && name !== "memory" && name !== "ephemeral-storage" && name !== "pods";
