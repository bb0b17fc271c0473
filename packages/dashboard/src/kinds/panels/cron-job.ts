/** When a CronJob makes jobs, and those that it made. */
import type { CronJob } from "@kubets/api/generated/types/batch-v1";
import { type CronSchedule, parseCron } from "@kubets/machinery/cron";
import { humanDuration } from "@kubets/machinery/duration";
import { type ComponentChild, h } from "preact";
import { useMemo } from "preact/hooks";
import { Age } from "../../parts/age.ts";
import { Facts } from "../../parts/facts.ts";
import { useNow } from "../../parts/hooks.ts";
import { LiveTable, ownedBy } from "../../parts/live-table.ts";
import { Section } from "../../parts/section.ts";
import { TemplateFacts } from "../../parts/template-facts.ts";
import type { PanelView } from "../panels.ts";

export function CronJobPanel({ object: { metadata, spec, status } }: PanelView<CronJob>): ComponentChild {
  const now = useNow();
  const { schedule, timeZone } = spec;
  const times = useMemo(() => scheduleOf(schedule, timeZone), [schedule, timeZone]);
  const next = spec.suspend ? undefined : times?.next(now);
  return [
    h(
      Section,
      { key: "cron", title: "CronJob" },
      h(Facts, {
        of: {
          Schedule: [h("code", null, schedule), timeZone && ` in ${timeZone}`],
          Suspended: spec.suspend && "yes",
          Next: next && `${new Date(next).toISOString()} (in ${humanDuration(next - now)})`,
          Last: status.lastScheduleTime && [h(Age, { of: status.lastScheduleTime }), " ago"],
          "Last success": status.lastSuccessfulTime && [h(Age, { of: status.lastSuccessfulTime }), " ago"],
          Active: status.active?.map(({ name }) => name).join(", "),
          "While one runs": spec.concurrencyPolicy,
          "Is kept": `${spec.successfulJobsHistoryLimit ?? 3} that succeeded, ${spec.failedJobsHistoryLimit ?? 1} that failed`,
        },
      }),
    ),
    spec.jobTemplate.spec &&
      h(TemplateFacts, {
        key: "template",
        template: spec.jobTemplate.spec.template,
        namespace: metadata.namespace,
      }),
    h(LiveTable, {
      key: "jobs",
      group: "batch",
      resource: "jobs",
      namespace: metadata.namespace,
      keep: ownedBy(metadata.uid),
    }),
  ];
}

function scheduleOf(schedule: string, zone: string | undefined): CronSchedule | undefined {
  try {
    return parseCron(schedule, zone);
  } catch {
    // The zone may be one that this browser does not know.
    return undefined;
  }
}
