/** What keeps pods running: how many there are of how many, from which template, and the pods themselves. */
import { type ComponentChild, h } from "preact";
import { Facts } from "../../parts/facts.ts";
import { LiveTable } from "../../parts/live-table.ts";
import { ObjectLink } from "../../parts/object-link.ts";
import { Section } from "../../parts/section.ts";
import { TemplateFacts } from "../../parts/template-facts.ts";
import { WorkloadUsage } from "../../parts/workload-usage.ts";
import { labelsText, selectorText } from "../../reckoning/selector-text.ts";
import { counts, strategyText, type Workload } from "../../reckoning/workload-state.ts";
import type { PanelView } from "../panels.ts";

export function WorkloadPanel({ kind, object }: PanelView<Workload>): ComponentChild {
  const { spec, metadata } = object;
  const { paused, serviceName, minReadySeconds } = spec as {
    readonly paused?: boolean;
    readonly serviceName?: string;
    readonly minReadySeconds?: number;
  };
  // Of a ReplicationController they are plain labels.
  const selector = kind.group
    ? selectorText((spec.selector as Parameters<typeof selectorText>[0]) ?? {})
    : labelsText(spec.selector as Readonly<Record<string, string>>);
  return [
    h(
      Section,
      { key: "counts", title: kind.kind },
      h(Facts, {
        of: {
          Pods: Object.entries(counts(kind.kind, object))
            .map(([name, count]) => `${count} ${name}`)
            .join(", "),
          Paused: paused && "yes: changes of the template wait",
          Strategy: strategyText(kind.kind, object),
          "Ready for at least": minReadySeconds ? `${minReadySeconds} s` : undefined,
          Service:
            serviceName && h(ObjectLink, { to: { kind: "Service", name: serviceName }, namespace: metadata.namespace }),
          Selector: selector,
        },
      }),
    ),
    spec.template && h(TemplateFacts, { key: "template", template: spec.template, namespace: metadata.namespace }),
    selector &&
      h(WorkloadUsage, {
        key: "usage",
        namespace: metadata.namespace,
        labelSelector: selector,
        template: spec.template,
      }),
    selector && h(LiveTable, { key: "pods", resource: "pods", namespace: metadata.namespace, labelSelector: selector }),
  ];
}
