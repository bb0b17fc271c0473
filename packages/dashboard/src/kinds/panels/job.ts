/** A job: how far it is, and its pods. */
import type { Job } from "@kubets/api/generated/types/batch-v1";
import { type ComponentChild, h } from "preact";
import { Age } from "../../parts/age.ts";
import { Facts } from "../../parts/facts.ts";
import { LiveTable } from "../../parts/live-table.ts";
import { Section } from "../../parts/section.ts";
import { TemplateFacts } from "../../parts/template-facts.ts";
import { WorkloadUsage } from "../../parts/workload-usage.ts";
import { selectorText } from "../../reckoning/selector-text.ts";
import type { PanelView } from "../panels.ts";

export function JobPanel({ object: { metadata, spec, status } }: PanelView<Job>): ComponentChild {
  const { active = 0, ready = 0, succeeded = 0, failed = 0 } = status;
  const selector = spec.selector && selectorText(spec.selector);
  return [
    h(
      Section,
      { key: "job", title: "Job" },
      h(Facts, {
        of: {
          Completions: `${succeeded} of ${spec.completions ?? "any number"}, ${spec.parallelism ?? 1} at a time`,
          Pods: `${active} active, ${ready} ready, ${succeeded} succeeded, ${failed} failed`,
          "May fail": spec.backoffLimit !== undefined && `${spec.backoffLimit} times`,
          "By index": spec.completionMode === "Indexed" && (status.completedIndexes || "none is done yet"),
          "Failed indexes": status.failedIndexes,
          Suspended: spec.suspend && "yes",
          Started: status.startTime && [h(Age, { of: status.startTime }), " ago"],
          Ended: status.completionTime && [h(Age, { of: status.completionTime }), " ago"],
          "May take": spec.activeDeadlineSeconds !== undefined && `${spec.activeDeadlineSeconds} s`,
          "Is deleted": spec.ttlSecondsAfterFinished !== undefined && `${spec.ttlSecondsAfterFinished} s after its end`,
          Selector: selector,
        },
      }),
    ),
    h(TemplateFacts, { key: "template", template: spec.template, namespace: metadata.namespace }),
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
