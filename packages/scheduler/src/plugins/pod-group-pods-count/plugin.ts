/** A placement is the better the more pods of the group have a place in it, those that stand already among them. */
import type { PluginFactory } from "../../framework/handle.ts";
import { normalizeByMax } from "../../framework/scoring.ts";

export const podGroupPodsCount: PluginFactory = ({ cluster, groups }) => ({
  name: "PodGroupPodsCount",
  placementScore({ metadata }, { pods }) {
    const members = [...groups.of(`${metadata.namespace}/${metadata.name}`)];
    return pods.length + members.filter((uid) => cluster.nodeOf(uid) !== undefined).length;
  },
  normalizePlacements: (scores) => normalizeByMax(scores),
});
