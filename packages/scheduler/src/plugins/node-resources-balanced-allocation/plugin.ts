/** Prefers nodes whose resources would be used evenly: not all CPU gone with the memory left over. */
import { stateKey } from "../../framework/cycle-state.ts";
import type { PluginFactory } from "../../framework/handle.ts";
import type { Plugin } from "../../framework/plugin.ts";
import { type PodInfo, podInfo } from "../../framework/pod-info.ts";
import { amountOf, plainAmounts } from "../../framework/resources.ts";
import { MAX_SCORE } from "../../framework/scoring.ts";
import type { NodeInfo } from "../../framework/snapshot.ts";

const NAME = "NodeResourcesBalancedAllocation";
const POD = stateKey<PodInfo>(NAME);

export interface BalancedArgs {
  readonly resources?: readonly { readonly name: string }[];
}

export const nodeResourcesBalancedAllocation: PluginFactory = (_, args) => balancedPlugin(args as BalancedArgs);

export function balancedPlugin({ resources }: BalancedArgs = {}): Plugin {
  const names = resources?.length ? resources.map(({ name }) => name) : ["cpu", "memory"];
  return {
    name: NAME,
    dependsOn: ({ requests }) => plainAmounts(requests),
    preScore(pod, _nodes, _snapshot, state) {
      const info = podInfo(pod);
      // A pod that asks for nothing changes no balance; scored, such pods would all go to one node.
      if (names.every((name) => amountOf(info.requests, name) === 0)) return "skip";
      state.set(POD, info);
      return undefined;
    },
    score: (_, node, state) => balance(names, state.get(POD) as PodInfo, node),
  };
}

/** 100 where all resources are used to the same part, less by the standard deviation of the parts. */
function balance(names: readonly string[], pod: PodInfo, node: NodeInfo): number {
  let count = 0;
  let sum = 0;
  let squares = 0;
  let first = 0;
  let second = 0;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const capacity = amountOf(node.allocatable, name);
    if (capacity === 0 || (isScalar(name) && amountOf(pod.requests, name) === 0)) continue;
    const part = Math.min(1, (amountOf(node.requested, name) + amountOf(pod.requests, name)) / capacity);
    if (count === 0) first = part;
    else if (count === 1) second = part;
    count++;
    sum += part;
    squares += part * part;
  }
  if (count < 2) return MAX_SCORE;
  const mean = sum / count;
  const deviation = count === 2 ? Math.abs(first - second) / 2 : Math.sqrt(Math.max(0, squares / count - mean * mean));
  return Math.trunc((1 - deviation) * MAX_SCORE);
}

const isScalar = (name: string) => name !== "cpu" && name !== "memory" && name !== "ephemeral-storage";
