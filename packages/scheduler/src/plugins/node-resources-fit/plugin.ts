/**
 * A pod fits where what it asks for is free; by its strategy a profile prefers nodes with much left over (LeastAllocated), little
 * (MostAllocated), or any shape of use (RequestedToCapacityRatio). A group of pods rather fills up the nodes of a placement.
 */
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";
import { stateKey } from "../../framework/cycle-state.ts";
import { type ClassOfResource, trackExtendedResources } from "../../framework/extended-resources.ts";
import type { PluginFactory } from "../../framework/handle.ts";
import type { Plugin } from "../../framework/plugin.ts";
import { type PodInfo, podInfo } from "../../framework/pod-info.ts";
import type { Refusal } from "../../framework/refusals.ts";
import { plainAmounts, type Resources, resourcesOfList } from "../../framework/resources.ts";
import type { NodeInfo } from "../../framework/snapshot.ts";
import { placementScorerOf, type ScoringStrategy, scorerOf } from "./scorer.ts";

const NAME = "NodeResourcesFit";
const REQUESTS = stateKey<Resources>(NAME);
const POD = stateKey<PodInfo>(NAME);

export interface FitArgs {
  /** Extended resources that do not hinder: by name, or by the group before the "/". */
  readonly ignoredResources?: readonly string[];
  readonly ignoredResourceGroups?: readonly string[];
  readonly scoringStrategy?: ScoringStrategy;
}

export const nodeResourcesFit: PluginFactory = (handle, args) =>
  fitPlugin(args as FitArgs, trackExtendedResources(handle));

export function fitPlugin(args: FitArgs = {}, classOf: ClassOfResource = () => undefined): Plugin {
  const scorer = scorerOf(args.scoringStrategy);
  const scorePlacement = placementScorerOf(args.scoringStrategy);
  const ignored = ignoring(args);
  /** What a node does not have by itself may be devices that a claim gets. */
  const spared = (resource: string, allocatable: number) =>
    ignored(resource) || (!(allocatable > 0) && classOf(resource) !== undefined);
  return {
    name: NAME,
    hints: [
      {
        events: ["node/add", "node/allocatable"],
        hint: (pod, _, now) => (couldFit(pod, now as Node, spared) ? "queue" : "skip"),
      },
      {
        events: ["deviceclass/add", "deviceclass/update"],
        hint: (pod) => ([...podInfo(pod).requests.scalar.keys()].some(classOf) ? "queue" : "skip"),
      },
      { events: ["pod/bound-delete", "pod/bound-update", "pod/self"] },
    ],
    dependsOn: ({ requests, nonZeroRequests }) => [
      plainAmounts(requests),
      nonZeroRequests.milliCpu,
      nonZeroRequests.memory,
      requests.scalar.size ? [...requests.scalar.keys()].filter(classOf) : 0,
    ],
    preFilter(pod, _, state) {
      state.set(REQUESTS, podInfo(pod).requests);
      return undefined;
    },
    filter: (_, node, state) => insufficient(state.get(REQUESTS) as Resources, node, spared),
    preScore(pod, _nodes, _snapshot, state) {
      state.set(POD, podInfo(pod));
      return undefined;
    },
    score: (_, node, state) => scorer(state.get(POD) as PodInfo, node),
    placementScore: (_, fit) => scorePlacement(fit),
  };
}

/** Whether the plugin leaves a resource to others, where a node has so much of it. */
type Spared = (resource: string, allocatable: number) => boolean;

/** What the node lacks for these requests; the refusals are shared, one for each set of reasons. */
export function insufficient(
  requests: Resources,
  { allocatable, requested }: Pick<NodeInfo, "allocatable" | "requested">,
  spared: Spared = () => false,
): Refusal | undefined {
  const lacking: string[] = [];
  let lasting = false;
  const need = (name: string, wanted: number, of: number, used: number) => {
    if (wanted <= 0 || wanted <= of - used) return;
    lacking.push(name);
    if (wanted > of) lasting = true;
  };
  if (requested.pods + 1 > allocatable.pods) lacking.push(TOO_MANY_PODS);
  if (requests.milliCpu > allocatable.milliCpu - requested.milliCpu)
    need("cpu", requests.milliCpu, allocatable.milliCpu, requested.milliCpu);
  if (requests.memory > allocatable.memory - requested.memory)
    need("memory", requests.memory, allocatable.memory, requested.memory);
  if (requests.ephemeralStorage > 0)
    need("ephemeral-storage", requests.ephemeralStorage, allocatable.ephemeralStorage, requested.ephemeralStorage);
  if (requests.scalar.size) {
    for (const [name, wanted] of requests.scalar) {
      const there = allocatable.scalar.get(name) ?? 0;
      if (!spared(name, there)) need(name, wanted, there, requested.scalar.get(name) ?? 0);
    }
  }
  return lacking.length ? sharedRefusal(lacking, lasting) : undefined;
}

const TOO_MANY_PODS = "Too many pods";
const shared = new Map<string, Refusal>();

function sharedRefusal(lacking: readonly string[], lasting: boolean): Refusal {
  const key = `${lasting}${lacking.join()}`;
  let refusal = shared.get(key);
  if (!refusal) {
    const reasons = lacking.map((name) => (name === TOO_MANY_PODS ? name : `Insufficient ${name}`));
    refusal = { plugin: NAME, reasons, ...(lasting ? { lasting } : {}) };
    if (shared.size >= 1000) shared.clear();
    shared.set(key, refusal);
  }
  return refusal;
}

/** Whether the node alone would have room; what runs there is looked at when the pod is tried. */
const couldFit = (pod: Pod, node: Node, spared: Spared): boolean => {
  const allocatable = resourcesOfList(node.status.allocatable);
  return !insufficient(podInfo(pod).requests, { allocatable, requested: NOTHING }, spared);
};
const NOTHING = resourcesOfList({});

function ignoring({ ignoredResources = [], ignoredResourceGroups = [] }: FitArgs): (resource: string) => boolean {
  if (ignoredResources.length + ignoredResourceGroups.length === 0) return () => false;
  return (resource) => {
    const [group = "", name] = resource.split("/");
    return ignoredResources.includes(resource) || (name !== undefined && ignoredResourceGroups.includes(group));
  };
}
