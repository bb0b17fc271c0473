/** A cordoned node takes only pods that tolerate it (DaemonSets' do). */
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";
import { toleratesTaint } from "@kubets/api/pod/tolerations";
import type { Plugin } from "../../framework/plugin.ts";

const UNSCHEDULABLE = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
const CORDONED = { plugin: "NodeUnschedulable", reasons: ["node(s) were unschedulable"], lasting: true };

export const nodeUnschedulable: Plugin = {
  name: "NodeUnschedulable",
  hints: [
    { events: ["node/add", "node/taints"], hint: (pod, _, now) => (fits(pod, now as Node) ? "queue" : "skip") },
    { events: ["pod/self"] },
  ],
  dependsOn: ({ pod }) => pod.spec.tolerations,
  filter: (pod, { node }) => (node.spec.unschedulable && !fits(pod, node) ? CORDONED : undefined),
};

export const fits = (pod: Pod, node: Node): boolean =>
  !node.spec.unschedulable || toleratesTaint(pod.spec.tolerations, UNSCHEDULABLE);
