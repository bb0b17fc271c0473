/** What an autoscaler looks at, and how many pods it makes of it. */
import type { HorizontalPodAutoscaler } from "@kubets/api/generated/types/autoscaling-v2";
import { type ComponentChild, h } from "preact";
import { Age } from "../../parts/age.ts";
import { Facts } from "../../parts/facts.ts";
import { Grid } from "../../parts/grid.ts";
import { ObjectLink } from "../../parts/object-link.ts";
import { Section } from "../../parts/section.ts";
import { metricLines } from "../../reckoning/autoscaler-metrics.ts";
import type { PanelView } from "../panels.ts";

export function AutoscalerPanel({ object }: PanelView<HorizontalPodAutoscaler>): ComponentChild {
  const { metadata, spec, status } = object;
  const { scaleTargetRef: target, minReplicas = 1, maxReplicas } = spec;
  return h(
    Section,
    { title: "Autoscaler" },
    h(Facts, {
      of: {
        Scales: h(ObjectLink, { to: target, namespace: metadata.namespace }, `${target.kind} ${target.name}`),
        Pods: `${status?.currentReplicas ?? 0} now, ${status?.desiredReplicas ?? 0} wanted`,
        Range: `${minReplicas} to ${maxReplicas}`,
        "Last change": status?.lastScaleTime && [h(Age, { of: status.lastScaleTime }), " ago"],
      },
    }),
    h(Grid, {
      titles: ["Metric", "Now", "Target"],
      rows: metricLines(object).map(({ name, current, target: wanted }) => [name, current, wanted]),
    }),
  );
}
