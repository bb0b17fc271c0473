/**
 * Pods that want to be near others, or away from them: required terms refuse nodes, preferred ones score them; and the terms of the pods
 * that run already count for the pod that comes. Everything is read from counters, so the cost grows with the number of different
 * terms and not with the number of pods.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { termMatches } from "../../framework/affinity-term.ts";
import type { PluginFactory } from "../../framework/handle.ts";
import type { Plugin } from "../../framework/plugin.ts";
import { podInfo } from "../../framework/pod-info.ts";
import type { NodeInfo, Snapshot } from "../../framework/snapshot.ts";
import { CONSTRAINTS, type Constraints, constraintsOf, trial } from "./constraints.ts";
import { type InterPodAffinityArgs, normalize, PREFERENCES, preferencesOf, scoreOf } from "./preferences.ts";

const NAME = "InterPodAffinity";
const NOT_NEAR = { plugin: NAME, reasons: ["node(s) didn't match pod affinity rules"], lasting: true };
const TOO_NEAR = { plugin: NAME, reasons: ["node(s) didn't match pod anti-affinity rules"] };
const NOT_WANTED = { plugin: NAME, reasons: ["node(s) didn't satisfy existing pods anti-affinity rules"] };

export const interPodAffinity: PluginFactory = ({ cluster }, args) => interPodAffinityPlugin(cluster, args);

export function interPodAffinityPlugin(cluster: Snapshot, args: InterPodAffinityArgs = {}): Plugin {
  const concerns = (pod: Pod, other: Pod): boolean => {
    const [own, theirs] = [podInfo(pod), podInfo(other)];
    const matches = (term: (typeof own.affinity)[number], of: Pod) => termMatches(term, of, cluster.namespaceLabels);
    return (
      own.affinity.some((term) => matches(term, other)) ||
      own.antiAffinity.some((term) => matches(term, other)) ||
      theirs.antiAffinity.some((term) => matches(term, pod))
    );
  };
  return {
    name: NAME,
    hints: [
      {
        events: ["pod/bound-add", "pod/bound-update", "pod/bound-delete"],
        hint: (pod, old, now) =>
          [old, now].some((other) => other !== undefined && concerns(pod, other as Pod)) ? "queue" : "skip",
      },
      { events: ["node/add", "node/delete", "node/labels", "namespace/update", "pod/self"] },
    ],
    preFilter(pod, snapshot, state) {
      const constraints = constraintsOf(podInfo(pod), snapshot);
      if (!constraints) return { skip: true };
      state.set(CONSTRAINTS, constraints);
      return undefined;
    },
    filter: (_, node, state) => refusalOf(state.get(CONSTRAINTS) as Constraints, node),
    addPod: (_, other, node, state) => trial(state.get(CONSTRAINTS) as Constraints, other, node, 1),
    removePod: (_, other, node, state) => trial(state.get(CONSTRAINTS) as Constraints, other, node, -1),
    preScore(pod, _, snapshot, state) {
      const preferences = preferencesOf(podInfo(pod), snapshot, args);
      if (preferences.length === 0) return "skip";
      state.set(PREFERENCES, preferences);
      return undefined;
    },
    score: (_, node, state) => scoreOf(state.get(PREFERENCES) ?? [], node),
    normalize,
  };
}

function refusalOf({ near, away, existing, firstOfItsKind }: Constraints, { slot }: NodeInfo) {
  let found = true;
  for (const counts of near) {
    if (counts.topology.of(slot) === 0) return NOT_NEAR;
    if (counts.at(slot) <= 0) found = false;
  }
  // The first pod of those that want to be near each other may go anywhere.
  if (!found && !(firstOfItsKind && near.every(({ total }) => total === 0))) return NOT_NEAR;
  for (const counts of away) if (counts.at(slot) > 0) return TOO_NEAR;
  if (existing.size) for (const counts of existing.values()) if (counts.at(slot) > 0) return NOT_WANTED;
  return undefined;
}
