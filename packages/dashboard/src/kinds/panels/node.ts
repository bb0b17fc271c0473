/** A node: what it is, what it gives, what pods took of it, and these pods. */
import type { Node } from "@kubets/api/generated/types/core-v1";
import { type ComponentChild, h } from "preact";
import { useMemo } from "preact/hooks";
import { PODS } from "../../kind-names.ts";
import { AmountMeter } from "../../parts/amount-meter.ts";
import { Facts } from "../../parts/facts.ts";
import { Fold } from "../../parts/fold.ts";
import { Grid } from "../../parts/grid.ts";
import { useFollowed } from "../../parts/hooks.ts";
import { LiveTable } from "../../parts/live-table.ts";
import { type NodeMetrics, useMetrics } from "../../parts/polled.ts";
import { Section } from "../../parts/section.ts";
import { Usage } from "../../parts/usage.ts";
import { amountOf, listText, showBytes, showCount, showCpu } from "../../reckoning/amounts.ts";
import { nodeBrief } from "../../reckoning/node-state.ts";
import { podBrief, podsTotal } from "../../reckoning/pod-brief.ts";
import { asBriefs } from "../../server/forms.ts";
import { pathOf } from "../../server/kinds.ts";
import type { PanelView } from "../panels.ts";

const asPods = asBriefs(podBrief);

export function NodePanel({ object: node }: PanelView<Node>): ComponentChild {
  const { metadata, spec, status } = node;
  const { cpu, memory, pods: places, trouble } = nodeBrief(node);
  const fieldSelector = `spec.nodeName=${metadata.name}`;
  const pods = useFollowed({ path: pathOf(PODS), fieldSelector }, asPods);
  const total = pods.phase === "loading" ? undefined : podsTotal(pods.items);
  const used = useMetrics<NodeMetrics>(`/nodes/${metadata.name}`)?.usage;
  const usages = useMemo(() => used && [used], [used]);
  const info = status.nodeInfo;
  const images = status.images ?? [];
  const meter = (label: string, amount: number | undefined, of: number, show: (amount: number) => string) =>
    amount !== undefined && h(AmountMeter, { key: label, label, amount, of, show });
  const usage = (resource: string) => used && amountOf(used[resource]);
  return [
    h(
      Section,
      { key: "node", title: "Node" },
      h(Facts, {
        of: {
          Trouble: trouble.length > 0 && h("span", { class: "bad" }, trouble.join("; ")),
          Addresses: status.addresses?.map(({ type, address }) =>
            h("div", { key: type + address }, `${address} (${type})`),
          ),
          "Pods' addresses": (spec.podCIDRs ?? [spec.podCIDR]).filter(Boolean).join(", "),
          Taints: spec.taints?.map(({ key, value, effect }) =>
            h("div", { key: key + effect }, `${key}${value ? `=${value}` : ""}:${effect}`),
          ),
          Kubelet: info?.kubeletVersion,
          Runtime: info?.containerRuntimeVersion,
          System: info && `${info.osImage}, kernel ${info.kernelVersion}, ${info.architecture}`,
          Provider: spec.providerID,
        },
      }),
    ),
    h(
      Section,
      { key: "resources", title: "Resources" },
      h(Facts, {
        of: {
          CPU: [meter("requested", total?.cpu, cpu, showCpu), meter("used", usage("cpu"), cpu, showCpu)],
          Memory: [
            meter("requested", total?.memory, memory, showBytes),
            meter("used", usage("memory"), memory, showBytes),
          ],
          Pods: meter("placed", total?.holding, places, showCount),
          Allocatable: listText(status.allocatable),
          Capacity: listText(status.capacity),
        },
      }),
    ),
    h(Usage, {
      key: "usage",
      usages,
      cpu: { requested: total?.cpu, "for pods": cpu },
      memory: { requested: total?.memory, "for pods": memory },
    }),
    h(LiveTable, { key: "pods", resource: "pods", namespace: "", fieldSelector }),
    images.length > 0 &&
      h(
        Section,
        { key: "images", title: ["Images", h("small", { class: "quiet" }, ` ${images.length}`)] },
        h(Fold, {
          title: "Names and sizes",
          content: () =>
            h(Grid, {
              titles: ["Names", "Size"],
              rows: images.map(({ names, sizeBytes = 0 }) => [(names ?? []).join(", "), showBytes(sizeBytes)]),
            }),
        }),
      ),
  ];
}
