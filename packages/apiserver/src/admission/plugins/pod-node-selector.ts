/** Without it the pods of a namespace could leave the nodes that an operator has set apart for them. */
import { namespaces, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Draft } from "@kubets/api/meta";
import type { AdmissionPlugin, ClusterView } from "../plugin.ts";
import { isWhole, refuse } from "../request.ts";

const ANNOTATION = "scheduler.alpha.kubernetes.io/node-selector";

export const podNodeSelector: AdmissionPlugin = {
  name: "PodNodeSelector",
  handles: (operation, resource, subresource) => operation === "CREATE" && isWhole(pods, resource, subresource),
  mutate(request, { view }) {
    const { spec } = request.object as unknown as Draft<Pod>;
    const wanted = selectorOf(request.namespace, view);
    for (const [key, value] of Object.entries(wanted)) {
      const own = spec.nodeSelector?.[key];
      if (own !== undefined && own !== value)
        throw refuse(request, "pod node label selector conflicts with its namespace node label selector");
    }
    if (Object.keys(wanted).length) spec.nodeSelector = { ...wanted, ...spec.nodeSelector };
  },
};

/** "a=b,c=d" in an annotation of the namespace. */
function selectorOf(namespace: string, view: ClusterView): Record<string, string> {
  const text = view.get(namespaces, "", namespace)?.metadata.annotations?.[ANNOTATION] ?? "";
  return Object.fromEntries(
    text.split(",").flatMap((part) => {
      const [key, value = ""] = part.split("=").map((it) => it.trim());
      return key ? [[key, value]] : [];
    }),
  );
}
