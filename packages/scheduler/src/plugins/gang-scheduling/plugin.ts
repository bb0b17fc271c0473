/**
 * Pods of a PodGroup with a gang are bound when as many of them have places as the gang needs, or not at all. Before that many pods are
 * there, or the group is, none of them is tried.
 */
import { podgroups } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { PodGroup } from "@kubets/api/generated/types/scheduling-v1alpha2";
import type { PluginFactory } from "../../framework/handle.ts";
import { groupOf } from "../../framework/pod-groups.ts";

const NAME = "GangScheduling";
/** How long one that has a place waits for others. */
const PATIENCE_MS = 5 * 60_000;
const TOO_FEW = { reasons: ["waiting for minCount pods from a gang to appear in scheduling queue"] };

export const gangScheduling: PluginFactory = ({ cache, cluster, groups, allowWaiting }) => ({
  name: NAME,
  hints: [
    {
      events: ["pod/unbound-add", "pod/bound-add"],
      hint: (pod, _, added) => (groupOf(pod) === groupOf(added as Pod) ? "queue" : "skip"),
    },
    {
      events: ["podgroup/add"],
      hint: (pod, _, added) => {
        const { namespace, name } = (added as PodGroup).metadata;
        return groupOf(pod) === `${namespace}/${name}` ? "queue" : "skip";
      },
    },
  ],
  preEnqueue(pod) {
    const key = groupOf(pod);
    if (key === undefined) return undefined;
    const group = cache.get(podgroups, key);
    if (group) return groups.of(key).size < needed(group) ? TOO_FEW : undefined;
    const name = JSON.stringify(pod.spec.schedulingGroup?.podGroupName);
    return { reasons: [`waiting for pods's pod group ${name} to appear in scheduling queue`] };
  },
  permit(pod) {
    const key = groupOf(pod);
    if (key === undefined) return "allow";
    const group = cache.get(podgroups, key);
    if (!group) throw new Error(`failed to get podGroup ${key}`);
    const placed = [...groups.of(key)].filter((uid) => cluster.nodeOf(uid) !== undefined);
    if (placed.length < needed(group))
      return { waitMs: PATIENCE_MS, reason: "waiting for minCount pods from a gang to be scheduled" };
    for (const uid of placed) allowWaiting(uid, NAME);
    return "allow";
  },
});

const needed = ({ spec }: PodGroup): number => spec.schedulingPolicy.gang?.minCount ?? 0;
