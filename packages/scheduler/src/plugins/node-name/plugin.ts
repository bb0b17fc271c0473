/** A pod that names its node fits only there. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Plugin } from "../../framework/plugin.ts";
import type { NodeInfo } from "../../framework/snapshot.ts";

const OTHER_NODE = { plugin: "NodeName", reasons: ["node(s) didn't match the requested node name"], lasting: true };

export const nodeName: Plugin = {
  name: "NodeName",
  hints: [{ events: ["node/add"] }],
  dependsOn: ({ pod }) => pod.spec.nodeName,
  filter: (pod, node) => (fits(pod, node) ? undefined : OTHER_NODE),
};

export const fits = ({ spec }: Pod, node: NodeInfo): boolean => !spec.nodeName || spec.nodeName === node.name;
