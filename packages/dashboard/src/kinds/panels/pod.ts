/** A pod: where and how it runs, its containers, its volumes. */
import type { Pod, Toleration } from "@kubets/api/generated/types/core-v1";
import { type ComponentChild, h } from "preact";
import { useMemo } from "preact/hooks";
import { Age } from "../../parts/age.ts";
import { Containers } from "../../parts/containers.ts";
import { Facts } from "../../parts/facts.ts";
import { Fold } from "../../parts/fold.ts";
import { Grid } from "../../parts/grid.ts";
import { ObjectLink } from "../../parts/object-link.ts";
import { type PodMetrics, useMetrics } from "../../parts/polled.ts";
import { Section } from "../../parts/section.ts";
import { toneOf } from "../../parts/tone.ts";
import { Usage } from "../../parts/usage.ts";
import { podLimit, podRequest } from "../../reckoning/pod-requests.ts";
import { podTrouble, podWord } from "../../reckoning/pod-state.ts";
import { labelsText } from "../../reckoning/selector-text.ts";
import { volumeSource } from "../../reckoning/volume-source.ts";
import type { PanelView } from "../panels.ts";

export function PodPanel({ object: pod }: PanelView<Pod>): ComponentChild {
  const { metadata, spec, status } = pod;
  const { namespace, name } = metadata;
  const metrics = useMetrics<PodMetrics>(`/namespaces/${namespace}/pods/${name}`);
  const usages = useMemo(() => metrics?.containers.map(({ usage }) => usage), [metrics]);
  const bounds = (resource: string) => ({
    requested: podRequest(spec, resource),
    "at most": podLimit(spec, resource),
  });
  const word = podWord(pod);
  const message = podTrouble(pod)?.message || status.message;
  const tolerations = spec.tolerations ?? [];
  return [
    h(
      Section,
      { key: "pod", title: "Pod" },
      h(Facts, {
        of: {
          Status: [h("span", { class: toneOf("Status", word) }, word), message && ` ${message}`],
          Node: spec.nodeName && h(ObjectLink, { to: { kind: "Node", name: spec.nodeName } }),
          IP: status.podIPs?.map(({ ip }) => ip).join(", ") || status.podIP,
          Started: status.startTime && [h(Age, { of: status.startTime }), " ago"],
          "Quality of service": status.qosClass,
          "Restart policy": spec.restartPolicy,
          "Service account":
            spec.serviceAccountName &&
            h(ObjectLink, { to: { kind: "ServiceAccount", name: spec.serviceAccountName }, namespace }),
          Priority: spec.priorityClassName && `${spec.priorityClassName} (${spec.priority ?? 0})`,
          "Nominated for": status.nominatedNodeName,
          "Node selector": labelsText(spec.nodeSelector),
          Tolerations:
            tolerations.length > 0 &&
            h(Fold, {
              title: `${tolerations.length} tolerated`,
              content: () =>
                h(
                  "ul",
                  { class: "plain" },
                  tolerations.map((each, at) => h("li", { key: at }, tolerationText(each))),
                ),
            }),
        },
      }),
    ),
    h(Usage, { key: "usage", usages, cpu: bounds("cpu"), memory: bounds("memory") }),
    h(Containers, { key: "containers", pod, metrics }),
    (spec.volumes?.length ?? 0) > 0 &&
      h(
        Section,
        { key: "volumes", title: "Volumes" },
        h(Grid, {
          titles: ["Name", "Type", "Source"],
          rows: (spec.volumes ?? []).map((volume) => {
            const { type, refs, text } = volumeSource(volume);
            const links = refs.map((to) => h("div", { key: to.name }, `${to.kind} `, h(ObjectLink, { to, namespace })));
            return [volume.name, type, [...links, text]];
          }),
        }),
      ),
  ];
}

function tolerationText({ key = "all", operator, value, effect, tolerationSeconds }: Toleration): string {
  const what = operator === "Exists" || value === undefined ? key : `${key}=${value}`;
  const duration = tolerationSeconds === undefined ? "" : ` for ${tolerationSeconds} s`;
  return `${what}${effect ? `:${effect}` : ""}${duration}`;
}
