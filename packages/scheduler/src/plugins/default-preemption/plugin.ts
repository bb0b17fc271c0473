/**
 * Makes room for a pod that fits nowhere: finds the node where removing pods of lower priority does the least harm, names it, and asks
 * the API to delete them. While that is under way the pod is not tried again. Where groups count, room is made for a group as a whole.
 */
import { podgroups } from "@kubets/api/generated/refs";
import { mayPreempt } from "@kubets/api/pod/priority";
import { randomInt } from "@kubets/machinery";
import type { CycleState } from "../../framework/cycle-state.ts";
import type { Handle, PluginFactory } from "../../framework/handle.ts";
import type { Plugin, PostFilterResult } from "../../framework/plugin.ts";
import { groupOf } from "../../framework/pod-groups.ts";
import { type PodInfo, podInfo } from "../../framework/pod-info.ts";
import {
  helpedByPreemption,
  NodeRefusals,
  type Refusals,
  refusalMessage,
  refusalOf,
} from "../../framework/refusals.ts";
import { type Candidate, selectCandidate } from "./candidate.ts";
import { Evictions } from "./evictions.ts";
import { preemptForGroup } from "./group-preemption.ts";
import { isLeavingForAnother } from "./leaving.ts";
import { VictimMemo } from "./victim-memo.ts";

const NAME = "DefaultPreemption";
const NOT_HELPFUL = { reasons: ["Preemption is not helpful for scheduling"] };

export interface DefaultPreemptionArgs {
  /** How many nodes are tried: this part of those that may help, and at least so many. */
  readonly minCandidateNodesPercentage?: number;
  readonly minCandidateNodesAbsolute?: number;
}

export const defaultPreemption: PluginFactory = (handle, args) => preemptionPlugin(handle, args);

export function preemptionPlugin(handle: Handle, args: DefaultPreemptionArgs = {}): Plugin {
  const evictions = new Evictions(handle, NAME);
  const memo = new VictimMemo(handle);
  const { cache, featureGates } = handle;
  const wholeGroups = featureGates.enabled("GenericWorkload") && featureGates.enabled("WorkloadAwarePreemption");
  return {
    name: NAME,
    hints: [],
    preEnqueue(pod) {
      const key = wholeGroups ? groupOf(pod) : undefined;
      if (key === undefined) return evictions.holds(pod.metadata.uid);
      const group = cache.get(podgroups, key);
      return group && evictions.holds(group.metadata.uid, "pod group");
    },
    postFilterGroup: (...args) => preemptForGroup(handle, evictions, ...args),
    postFilter(pod, state, refusals) {
      const key = groupOf(pod);
      const notAlone = key === undefined ? undefined : whyNotAlone(handle, key);
      if (notAlone) return { message: `preemption: ${notAlone}` };
      const info = podInfo(pod);
      const found = preempt(handle, memo, args, info, state, refusals);
      if (!("candidates" in found)) return { ...found, message: `preemption: ${found.message}` };
      const ask = handle.askAboutVictims(pod);
      if (ask) {
        evictions.beginAfter(info, async () => selectCandidate(await ask(found.candidates)));
        return undefined;
      }
      const best = selectCandidate(found.candidates) as Candidate;
      return { node: best.node, begin: () => evictions.begin(info, best) };
    },
  };
}

/** Why room is not made for a pod of the group by itself. */
function whyNotAlone({ cache, featureGates }: Handle, key: string): string | undefined {
  if (!featureGates.enabled("GenericWorkload")) return undefined;
  if (featureGates.enabled("TopologyAwareWorkloadScheduling")) {
    const group = cache.get(podgroups, key);
    if (!group) return "pod group for pod not found";
    if (group.spec.schedulingConstraints) return "not eligible due to placement-based pod group scheduling limitation";
  }
  if (featureGates.enabled("WorkloadAwarePreemption")) return "not eligible due to workload aware preemption enabled";
  return undefined;
}

function preempt(
  handle: Handle,
  memo: VictimMemo,
  args: DefaultPreemptionArgs,
  info: PodInfo,
  state: CycleState,
  refusals: Refusals,
): { readonly candidates: readonly Candidate[] } | PostFilterResult {
  const ineligible = whyIneligible(handle, info, refusals);
  if (ineligible) return { message: ineligible };
  const byNode = new NodeRefusals();
  const candidates = findCandidates(handle, memo, args, info, state, refusals, byNode);
  if (candidates.length) return { candidates };
  const message = refusalMessage({ nodes: refusals.nodes, byNode, others: NOT_HELPFUL, outright: false });
  return { node: "", message };
}

/** Whether the pod may preempt at all, and has not already done so. */
function whyIneligible({ cluster, nominator }: Handle, info: PodInfo, refusals: Refusals): string | undefined {
  if (!mayPreempt(info.pod)) return "not eligible due to preemptionPolicy=Never.";
  const nominated = info.pod.status.nominatedNodeName || nominator.nodeOf(info.pod.metadata.uid);
  const node = nominated ? cluster.node(nominated) : undefined;
  if (!node || refusalOf(refusals, node.name)?.lasting) return undefined;
  const leaving = node.pods.some((other) => other.priority < info.priority && isLeavingForAnother(other.pod));
  return leaving ? "not eligible due to a terminating pod on the nominated node." : undefined;
}

/** Tries nodes, from a random one on, until enough of them would do; what speaks against the others goes into `byNode`. */
function findCandidates(
  handle: Handle,
  memo: VictimMemo,
  { minCandidateNodesPercentage = 10, minCandidateNodesAbsolute = 100 }: DefaultPreemptionArgs,
  info: PodInfo,
  state: CycleState,
  refusals: Refusals,
  byNode: NodeRefusals,
): Candidate[] {
  const { cluster, random } = handle;
  const nodes = helpedByPreemption(refusals, cluster.nodes);
  if (nodes.length === 0) return [];
  const part = Math.trunc((nodes.length * minCandidateNodesPercentage) / 100);
  const wanted = Math.min(nodes.length, Math.max(part, minCandidateNodesAbsolute));
  const offset = randomInt(random, nodes.length);
  const [harmless, harmful]: [Candidate[], Candidate[]] = [[], []];
  for (let i = 0; i < nodes.length && harmless.length + harmful.length < wanted; i++) {
    const name = nodes[(offset + i) % nodes.length] as string;
    const node = cluster.node(name);
    if (!node) continue;
    const found = memo.victims(info, node, state);
    if ("reasons" in found) byNode.add(node, found);
    else (found.violations === 0 ? harmless : harmful).push(found);
  }
  return [...harmless, ...harmful];
}
