/** Without it any pod could tolerate the taints by which nodes are kept for others. A namespace, or the cluster, says what its pods get and may have. */
import { namespaces, pods } from "@kubets/api/generated/refs";
import type { Pod, Toleration } from "@kubets/api/generated/types/core-v1";
import type { Draft } from "@kubets/api/meta";
import { computeQosClass } from "@kubets/api/pod/qos";
import { int, list, object, optional, str } from "@kubets/machinery/config-file";
import { type PluginConfiguration, readConfiguration } from "../configuration.ts";
import type { AdmissionPlugin, AdmissionRequest, ClusterView } from "../plugin.ts";
import { isWhole, refuse } from "../request.ts";
import { covers, mergeTolerations } from "../tolerations.ts";

const DEFAULTS = "scheduler.alpha.kubernetes.io/defaultTolerations";
const ALLOWED = "scheduler.alpha.kubernetes.io/tolerationsWhitelist";
const MEMORY: Toleration = { key: "node.kubernetes.io/memory-pressure", operator: "Exists", effect: "NoSchedule" };

const toleration = object({
  key: optional(str()),
  operator: optional(str()),
  value: optional(str()),
  effect: optional(str()),
  tolerationSeconds: optional(int()),
});
const tolerations = list(toleration);
const KINDS = {
  "podtolerationrestriction.admission.k8s.io/v1alpha1/Configuration": object({
    default: tolerations,
    whitelist: tolerations,
  }),
} as const;

export function podTolerationRestriction(given: PluginConfiguration | undefined): AdmissionPlugin {
  const cluster = readConfiguration(given, KINDS);
  const clean = (all: readonly object[] = []) => all.map((one) => JSON.parse(JSON.stringify(one)) as Toleration);
  const [defaults, allowed] = [clean(cluster?.default), clean(cluster?.whitelist)];
  return {
    name: "PodTolerationRestriction",
    handles: (operation, resource, subresource) =>
      (operation === "CREATE" || operation === "UPDATE") && isWhole(pods, resource, subresource),
    mutate(request, { view }) {
      const { spec } = request.object as unknown as Draft<Pod>;
      if (request.operation !== "CREATE") return;
      const given = said(request, view, DEFAULTS) ?? defaults;
      if (given.length) spec.tolerations = mergeTolerations(spec.tolerations ?? [], given as Draft<Toleration>[]);
      if (computeQosClass(spec as Pod["spec"]) !== "BestEffort")
        spec.tolerations = mergeTolerations(spec.tolerations ?? [], [MEMORY as Draft<Toleration>]);
    },
    validate(request, { view }) {
      const may = said(request, view, ALLOWED) ?? allowed;
      if (may.length === 0) return;
      const { spec } = request.object as unknown as Pod;
      const isAllowed = (one: Toleration) => may.some((wide) => covers(wide, one)) || covers(MEMORY, one);
      if (!(spec.tolerations ?? []).every(isAllowed))
        throw refuse(
          request,
          "pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist",
        );
    },
  };
}

/** What an annotation of the namespace says, as a list in JSON; undefined where it says nothing. */
function said(request: AdmissionRequest, view: ClusterView, annotation: string): readonly Toleration[] | undefined {
  const text = view.get(namespaces, "", request.namespace)?.metadata.annotations?.[annotation];
  if (text === undefined) return undefined;
  try {
    return text === "" ? [] : (JSON.parse(text) as Toleration[]);
  } catch (error) {
    throw refuse(
      request,
      `the annotation ${annotation} of the namespace is no list of tolerations: ${(error as Error).message}`,
    );
  }
}
