/** The namespaces and priority classes without which nothing runs. */
import type { Namespace } from "../generated/types/core-v1.ts";
import type { PriorityClass } from "../generated/types/scheduling-v1.ts";
import type { Input } from "../meta.ts";
import { SYSTEM_CLASSES } from "../scheduling/priority-class.ts";

const namespace = (name: string): Input<Namespace> => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name },
});

export const systemNamespaces: readonly Input<Namespace>[] = [
  namespace("default"),
  namespace("kube-node-lease"),
  namespace("kube-public"),
  namespace("kube-system"),
];

const priorityClass = (name: string, description: string): Input<PriorityClass> => ({
  apiVersion: "scheduling.k8s.io/v1",
  kind: "PriorityClass",
  metadata: { name },
  value: SYSTEM_CLASSES[name] ?? 0,
  description,
  preemptionPolicy: "PreemptLowerPriority",
});

export const systemPriorityClasses: readonly Input<PriorityClass>[] = [
  priorityClass(
    "system-node-critical",
    "Used for system critical pods that must not be moved from their current node.",
  ),
  priorityClass(
    "system-cluster-critical",
    "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
  ),
];
