/** CronJobs: jobs that are made by a schedule. */
import {
  type FieldError,
  formatLabelSelector,
  invalidValue,
  maxLengthError,
  notSupported,
  required,
} from "@kubets/machinery";
import { parseCron } from "@kubets/machinery/cron";
import { timeZone } from "@kubets/machinery/time-zone";
import { define } from "../define.ts";
import { checkNonNegative, checkOneOf } from "../field-checks.ts";
import { cronjobs } from "../generated/refs.ts";
import type { CronJob, CronJobSpec } from "../generated/types/batch-v1.ts";
import type { Draft } from "../meta.ts";
import { ownStatus, statusSubresource } from "../own-status.ts";
import { defaultPodTemplate } from "../pod/defaults.ts";
import { containerCells, containerColumns, templateWarnings } from "../pod-template.ts";
import type { WriteContext } from "../resource.ts";
import { age, column, nameColumn, wide } from "../table.ts";
import { jobSpecErrors } from "./job-spec.ts";
import { podNameWarnings } from "./pod-name-warnings.ts";

/** What leaves room for the eleven letters that a job's name has more. */
const MAX_NAME = 52;

export const cronJobResource = define(cronjobs, {
  shortNames: ["cj"],
  categories: ["all"],
  countsGeneration: true,
  ...ownStatus,
  defaults,
  validate: ({ metadata, spec }, context) => [
    ...specErrors(spec, undefined, context),
    ...(metadata.name.length > MAX_NAME
      ? [invalidValue("metadata.name", metadata.name, maxLengthError(MAX_NAME))]
      : []),
  ],
  validateUpdate: ({ spec }, old, context) => specErrors(spec, old.spec, context),
  warnings: (cronJob, old) => [
    ...(old ? [] : podNameWarnings(cronJob)),
    ...templateWarnings(
      cronJob.spec.jobTemplate.spec.template,
      old?.spec.jobTemplate.spec.template,
      "spec.jobTemplate.spec.template",
    ),
    ...zoneWarnings(cronJob.spec),
  ],
  subresources: { status: statusSubresource() },
  table: {
    columns: [
      nameColumn,
      column("Schedule"),
      column("Timezone"),
      column("Suspend", "boolean"),
      column("Active", "integer"),
      column("Last Schedule"),
      column("Age"),
      ...containerColumns,
      wide("Selector"),
    ],
    cells: ({ metadata, spec, status }, now) => [
      metadata.name,
      spec.schedule,
      spec.timeZone ?? "<none>",
      spec.suspend == null ? "<unset>" : spec.suspend ? "True" : "False",
      status.active?.length ?? 0,
      status.lastScheduleTime ? age(status.lastScheduleTime, now) : "<none>",
      age(metadata.creationTimestamp, now),
      ...containerCells(spec.jobTemplate.spec.template),
      formatLabelSelector(spec.jobTemplate.spec.selector),
    ],
  },
});

function defaults({ spec }: Draft<CronJob>): void {
  spec.concurrencyPolicy ||= "Allow";
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  if (spec.jobTemplate?.spec?.template) defaultPodTemplate(spec.jobTemplate.spec.template);
}

function specErrors(spec: CronJobSpec, old: CronJobSpec | undefined, context: WriteContext): FieldError[] {
  const { startingDeadlineSeconds, timeZone: zone, concurrencyPolicy, jobTemplate } = spec;
  return [
    ...scheduleErrors(spec, old),
    ...checkNonNegative("spec.startingDeadlineSeconds", startingDeadlineSeconds),
    ...(old && old.timeZone === zone ? [] : zoneErrors(zone)),
    ...(concurrencyPolicy
      ? checkOneOf("spec.concurrencyPolicy", concurrencyPolicy, ["Allow", "Forbid", "Replace"])
      : [required("spec.concurrencyPolicy")]),
    ...jobSpecErrors(jobTemplate.spec, "spec.jobTemplate.spec", context),
    ...selectorErrors(spec),
    ...checkNonNegative("spec.successfulJobsHistoryLimit", spec.successfulJobsHistoryLimit),
    ...checkNonNegative("spec.failedJobsHistoryLimit", spec.failedJobsHistoryLimit),
  ];
}

/** A zone in the schedule itself is kept where it has been, and not taken anew. */
function scheduleErrors({ schedule, timeZone: zone }: CronJobSpec, old: CronJobSpec | undefined): FieldError[] {
  const field = "spec.schedule";
  if (!schedule) return [required(field)];
  const errors: FieldError[] = [];
  try {
    parseCron(schedule);
  } catch (error) {
    errors.push(invalidValue(field, schedule, (error as Error).message));
  }
  if (!schedule.includes("TZ")) return errors;
  if (!old?.schedule.includes("TZ"))
    errors.push(invalidValue(field, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
  else if (zone != null)
    errors.push(invalidValue(field, schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule"));
  return errors;
}

function zoneErrors(zone: string | undefined): FieldError[] {
  if (zone == null) return [];
  const wrong = (detail: string) => [invalidValue("spec.timeZone", zone, detail)];
  if (zone === "") return wrong("timeZone must be nil or non-empty string");
  if (zone.toLowerCase() === "local")
    return wrong("timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
  // Names of zones begin with a capital letter, and count with their case.
  return /^[A-Z]/.test(zone) && timeZone(zone) ? [] : wrong(`unknown time zone ${zone}`);
}

/** The selector of each job is made when the job is. */
function selectorErrors({ jobTemplate }: CronJobSpec): FieldError[] {
  const { selector, manualSelector } = jobTemplate.spec;
  const field = "spec.jobTemplate.spec";
  const errors: FieldError[] = [];
  if (selector) errors.push(invalidValue(`${field}.selector`, selector, "`selector` will be auto-generated"));
  if (manualSelector) errors.push(notSupported(`${field}.manualSelector`, manualSelector, ["nil", "false"]));
  return errors;
}

const zoneWarnings = ({ schedule }: CronJobSpec): string[] =>
  schedule.includes("TZ")
    ? [
        "CRON_TZ or TZ used in spec.schedule is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details",
      ]
    : [];
