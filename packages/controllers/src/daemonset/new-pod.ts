/** A daemon for one node: the scheduler may bind it there and nowhere else, whatever state the node is in. */
import type { DaemonSet } from "@kubets/api/generated/types/apps-v1";
import type { NodeSelectorTerm, Toleration } from "@kubets/api/generated/types/core-v1";
import type { Draft } from "@kubets/api/meta";
import { type NewPod, podFromTemplate } from "../pods/pod-from-template.ts";
import { daemonTolerations } from "./node-fit.ts";

export const HASH = "controller-revision-hash";
const GENERATION_LABEL = "pod-template-generation";
export const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";

export function daemonPod(set: DaemonSet, hash: string, node: string): NewPod {
  const pod = podFromTemplate(set.spec.template, set);
  pod.metadata.labels[HASH] = hash;
  const generation = set.metadata.annotations?.[TEMPLATE_GENERATION];
  if (generation !== undefined) pod.metadata.labels[GENERATION_LABEL] = generation;
  const tolerations = (pod.spec.tolerations ?? []) as Draft<Toleration>[];
  for (const toleration of daemonTolerations(pod.spec.hostNetwork ?? false))
    if (
      !tolerations.some(
        ({ key, effect, operator }) =>
          key === toleration.key && effect === toleration.effect && operator === toleration.operator,
      )
    )
      tolerations.push(toleration as Draft<Toleration>);
  pod.spec.tolerations = tolerations;
  const affinity = (pod.spec.affinity ??= {});
  const required = ((affinity.nodeAffinity ??= {}).requiredDuringSchedulingIgnoredDuringExecution ??= {
    nodeSelectorTerms: [],
  });
  const named = { matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] } as Draft<NodeSelectorTerm>;
  // What the template asks for holds of the node already; its name is what is left to say.
  required.nodeSelectorTerms = [named];
  return pod;
}
