/** Without it a workload that wants to know its zone would need the right to read nodes. */
import { nodes, pods } from "@kubets/api/generated/refs";
import type { Binding, Pod } from "@kubets/api/generated/types/core-v1";
import type { Draft, KubeObject } from "@kubets/api/meta";
import type { AdmissionPlugin } from "../plugin.ts";
import { isWhole } from "../request.ts";

const LABELS = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];

export const podTopologyLabels: AdmissionPlugin = {
  name: "PodTopologyLabels",
  handles: (operation, resource, subresource) =>
    operation === "CREATE" &&
    (isWhole(pods, resource, subresource) || (resource.resource === "pods" && subresource === "binding")),
  mutate({ object, options, subresource }, { view }) {
    const binding = subresource === "binding";
    const target = (binding ? options : object) as Draft<KubeObject>;
    const name = binding ? (target as unknown as Binding).target.name : (target as unknown as Pod).spec.nodeName;
    const labels = name ? view.get(nodes, "", name)?.metadata.labels : undefined;
    for (const label of LABELS) {
      const value = labels?.[label];
      if (value !== undefined) target.metadata.labels = { ...target.metadata.labels, [label]: value };
    }
  },
};
