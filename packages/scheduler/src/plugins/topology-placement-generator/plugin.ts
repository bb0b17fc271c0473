/**
 * The pods of a group that asks for it stand on nodes with one value of a label, all of them: each value makes a placement. Where some
 * stand already, theirs is the only one.
 */
import { podgroups } from "@kubets/api/generated/refs";
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";
import type { PodGroup } from "@kubets/api/generated/types/scheduling-v1alpha2";
import type { ClusterState } from "../../framework/cluster-state.ts";
import type { PluginFactory } from "../../framework/handle.ts";
import { groupOf } from "../../framework/pod-groups.ts";

const NAME = "TopologyPlacementGenerator";

export const topologyPlacementGenerator: PluginFactory = ({ cache, cluster, groups }) => {
  const keyOf = (pod: Pod): string | undefined => {
    const group = groupOf(pod);
    return group === undefined ? undefined : topologyKey(cache.get(podgroups, group));
  };
  return {
    name: NAME,
    hints: [
      {
        events: ["node/add", "node/labels"],
        hint(pod, old, now) {
          const key = keyOf(pod);
          if (key === undefined) return "skip";
          const domain = domainOf(now as Node, key);
          return domain !== undefined && (!old || domain !== domainOf(old as Node, key)) ? "queue" : "skip";
        },
      },
      // Where nobody stands any more, the group may go anywhere.
      {
        events: ["pod/bound-delete"],
        hint: (pod, old) => (groupOf(pod) === groupOf(old as Pod) && keyOf(pod) !== undefined ? "queue" : "skip"),
      },
    ],
    placementGenerate(group, within) {
      const key = topologyKey(group);
      if (key === undefined) return [within];
      const only = takenDomain(groups.of(`${group.metadata.namespace}/${group.metadata.name}`), key, cluster);
      const domains = Map.groupBy(within, ({ node }) => domainOf(node, key));
      domains.delete(undefined);
      return [...domains].flatMap(([domain, nodes]) => (only === undefined || domain === only ? [nodes] : []));
    },
  };
};

/** There is no more than one. */
const topologyKey = (group: PodGroup | undefined): string | undefined =>
  group?.spec.schedulingConstraints?.topology?.[0]?.key;

const domainOf = ({ metadata }: Node, key: string): string | undefined => metadata.labels?.[key];

/** Where those stand that have a place. */
function takenDomain(uids: ReadonlySet<string>, key: string, cluster: ClusterState): string | undefined {
  const why = "cannot determine domain for already scheduled pods";
  let only: string | undefined;
  for (const uid of uids) {
    const name = cluster.nodeOf(uid);
    if (name === undefined) continue;
    const info = cluster.node(name);
    const domain = info && domainOf(info.node, key);
    if (domain === undefined) throw new Error(`${why}: no topology domain found for a pod on node ${name}`);
    if (only !== undefined && only !== domain)
      throw new Error(`${why}: more than 1 domain found for pod group: ${only}, ${domain}`);
    only = domain;
  }
  return only;
}
