/** Whether a DaemonSet's pod should run on a node, and may stay there when it does. The predicates are those of api/. */
import type { DaemonSet } from "@kubets/api/generated/types/apps-v1";
import type { Node, Pod, Toleration } from "@kubets/api/generated/types/core-v1";
import { matchesNodeAffinity } from "@kubets/api/pod/node-affinity";
import { untoleratedTaint } from "@kubets/api/pod/tolerations";

/** What every daemon bears: it is there to serve the node, in whatever state that is. */
export function daemonTolerations(hostNetwork: boolean): Toleration[] {
  const exists = (key: string, effect: string) => ({ key, operator: "Exists", effect });
  return [
    exists("node.kubernetes.io/not-ready", "NoExecute"),
    exists("node.kubernetes.io/unreachable", "NoExecute"),
    exists("node.kubernetes.io/disk-pressure", "NoSchedule"),
    exists("node.kubernetes.io/memory-pressure", "NoSchedule"),
    exists("node.kubernetes.io/pid-pressure", "NoSchedule"),
    exists("node.kubernetes.io/unschedulable", "NoSchedule"),
    ...(hostNetwork ? [exists("node.kubernetes.io/network-unavailable", "NoSchedule")] : []),
  ];
}

export interface Fit {
  readonly shouldRun: boolean;
  /** A pod that is there may stay, though it would not be made. */
  readonly mayStay: boolean;
}

export function fitOf({ spec }: DaemonSet, node: Node): Fit {
  const template = spec.template.spec as Pod["spec"];
  const tolerations = [...(template.tolerations ?? []), ...daemonTolerations(template.hostNetwork ?? false)];
  const named = !template.nodeName || template.nodeName === node.metadata.name;
  if (!named || !matchesNodeAffinity(template, node)) return { shouldRun: false, mayStay: false };
  const { taints } = node.spec;
  if (!untoleratedTaint(taints, tolerations, ["NoSchedule", "NoExecute"])) return { shouldRun: true, mayStay: true };
  return { shouldRun: false, mayStay: !untoleratedTaint(taints, tolerations, ["NoExecute"]) };
}

/** The node that a pod is on, or is meant for: daemons are bound by an affinity to a name. */
export function nodeOfPod({ spec }: Pod): string {
  if (spec.nodeName) return spec.nodeName;
  for (const { matchFields } of spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    ?.nodeSelectorTerms ?? [])
    for (const { key, operator, values } of matchFields ?? [])
      if (key === "metadata.name" && operator === "In" && values?.length === 1) return values[0] as string;
  return "";
}
