/** Jobs: pods that run until so many have succeeded. */
import {
  dns1123Label,
  type FieldError,
  formatLabelSelector,
  invalidValue,
  labelValue,
  required,
  validateLabelSelector,
} from "@kubets/machinery";
import { define } from "../define.ts";
import { checkImmutable, IMMUTABLE, sameValue } from "../field-checks.ts";
import { jobs } from "../generated/refs.ts";
import type { Job, JobSpec } from "../generated/types/batch-v1.ts";
import type { Container, PodSpec, PodTemplateSpec } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import { clearStatus, keepStatus, statusSubresource } from "../own-status.ts";
import { defaultPodTemplate } from "../pod/defaults.ts";
import { internalForm } from "../pod/internal-form.ts";
import { containerCells, containerColumns, templateWarnings } from "../pod-template.ts";
import type { WriteContext } from "../resource.ts";
import { age, column, humanDuration, nameColumn, wide } from "../table.ts";
import { generatedSelectorErrors, generateSelector, selectsOwnTemplate } from "./job-selector.ts";
import { jobSpecErrors } from "./job-spec.ts";
import { isTrue, jobStatusErrors } from "./job-status.ts";
import { podNameWarnings } from "./pod-name-warnings.ts";

const MANY_INDEXES = 100_000;
const MANY_AT_ONCE = 10_000;

export const jobResource = define(jobs, {
  categories: ["all"],
  countsGeneration: true,
  defaultPropagation: "Orphan",
  defaults,
  prepareForCreate: (job) => {
    clearStatus<Job>(job);
    generateSelector(job);
    defaultLabels(job);
  },
  prepareForUpdate: keepStatus,
  validate: (job, context) => validate(job, undefined, context),
  validateUpdate: (job, old, context) => [...validate(job, old, context), ...changeErrors(job, old, context)],
  warnings: (job, old) => [
    ...(old ? [] : podNameWarnings(job)),
    ...indexWarnings(job.spec),
    ...templateWarnings(job.spec.template, old?.spec.template),
  ],
  subresources: { status: statusSubresource(jobStatusErrors) },
  orphanWarning:
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning",
  unknownField: (field) => `field label "${field}" not supported for Job`,
  selectableFields: { "status.successful": ({ status }) => String(status.succeeded ?? 0) },
  table: {
    columns: [
      nameColumn,
      column("Status"),
      column("Completions"),
      column("Duration"),
      column("Age"),
      ...containerColumns,
      wide("Selector"),
    ],
    cells: (job, now) => [
      job.metadata.name,
      statusText(job),
      completionsText(job),
      durationText(job, now),
      age(job.metadata.creationTimestamp, now),
      ...containerCells(job.spec.template),
      formatLabelSelector(job.spec.selector),
    ],
  },
});

function defaults(job: Draft<Job>): void {
  const { spec } = job;
  if (spec.completions == null && spec.parallelism == null) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex == null ? 6 : 2 ** 31 - 1;
  defaultLabels(job);
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  for (const rule of spec.podFailurePolicy?.rules ?? [])
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= "True";
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? "Failed" : "TerminatingOrFailed";
  spec.manualSelector ??= false;
  defaultPodTemplate(spec.template);
}

/** A job without labels has those of its pods, but for values that no label can have: those are told of the template alone. */
function defaultLabels({ metadata, spec }: Draft<Job>): void {
  const { labels } = spec.template.metadata ?? {};
  if (!labels || Object.keys(metadata.labels ?? {}).length) return;
  if (Object.values(labels).every((value) => labelValue(value).length === 0)) metadata.labels = { ...labels };
}

function validate(job: Job, old: Job | undefined, context: WriteContext): FieldError[] {
  return [...generatedSelectorErrors(job, old), ...specErrors(job, context), ...hostnameErrors(job)];
}

function specErrors(job: Job, context: WriteContext): FieldError[] {
  const { selector } = job.spec;
  return [
    ...jobSpecErrors(job.spec, "spec", context),
    ...(selector ? validateLabelSelector(selector, "spec.selector") : [required("spec.selector")]),
    ...selectsOwnTemplate(job),
  ];
}

/** Pods of an indexed job are named by their index, and so are their hosts. */
function hostnameErrors({ metadata, spec }: Job): FieldError[] {
  if (spec.completionMode !== "Indexed" || !spec.completions || spec.completions < 0) return [];
  const longest = `${metadata.name}-${spec.completions - 1}`;
  if (!dns1123Label(longest).length) return [];
  const detail = `will not able to create pod with invalid DNS label: ${longest}`;
  return [invalidValue("metadata.name", metadata.name, detail)];
}

function changeErrors(job: Job, old: Job, context: WriteContext): FieldError[] {
  const { spec } = job;
  const immutable = (name: keyof JobSpec) => checkImmutable(`spec.${name}`, spec[name] ?? null, old.spec[name]);
  return [
    // The original looks at the spec twice.
    ...specErrors(job, context),
    ...completionsErrors(spec, old.spec),
    ...immutable("selector"),
    ...templateErrors(spec, old, context),
    ...immutable("completionMode"),
    ...immutable("podFailurePolicy"),
    ...immutable("backoffLimitPerIndex"),
    ...immutable("managedBy"),
    ...immutable("successPolicy"),
  ];
}

/** An indexed job may grow and shrink, as wide as it is long. */
function completionsErrors(spec: JobSpec, old: JobSpec): FieldError[] {
  const { completions, parallelism } = spec;
  if (spec.completionMode !== "Indexed")
    return checkImmutable("spec.completions", completions ?? null, old.completions);
  if (completions === old.completions || completions === parallelism) return [];
  return [
    invalidValue("spec.completions", completions ?? null, "can only be modified in tandem with spec.parallelism"),
  ];
}

/** While a job has no pods, where they may run and what they get can still be said. */
function templateErrors({ template }: JobSpec, old: Job, { featureEnabled }: WriteContext): FieldError[] {
  const isNew = old.spec.suspend === true && !old.status.startTime;
  const rests = old.spec.suspend === true && isTrue(old.status, "Suspended") && !old.status.active;
  let before = old.spec.template;
  if (isNew || (rests && featureEnabled("MutableSchedulingDirectivesForSuspendedJobs")))
    before = withPlace(before, template);
  if ((isNew || rests) && featureEnabled("MutablePodResourcesForSuspendedJobs"))
    before = withResources(before, template.spec);
  return sameValue(template, before)
    ? []
    : [invalidValue("spec.template", internalForm("PodTemplateSpec", template), IMMUTABLE)];
}

function withPlace(before: PodTemplateSpec, { metadata, spec }: PodTemplateSpec): PodTemplateSpec {
  const { nodeSelector, tolerations, schedulingGates, affinity } = spec;
  return {
    ...before,
    metadata: { ...before.metadata, ...metadata },
    spec: {
      ...before.spec,
      nodeSelector,
      tolerations,
      schedulingGates,
      affinity: { ...before.spec.affinity, nodeAffinity: affinity?.nodeAffinity },
    },
  };
}

function withResources(before: PodTemplateSpec, { containers, initContainers }: PodSpec): PodTemplateSpec {
  const { spec } = before;
  return {
    ...before,
    spec: {
      ...spec,
      containers: spec.containers.map((each, i) => withResourcesOf(each, containers[i])),
      ...(spec.initContainers && {
        initContainers: spec.initContainers.map((each, i) => withResourcesOf(each, initContainers?.[i])),
      }),
    },
  };
}

/** Claims of devices stay: they are no amounts. */
const withResourcesOf = (before: Container, { resources }: Partial<Container> = {}): Container => ({
  ...before,
  resources: { ...before.resources, requests: resources?.requests, limits: resources?.limits },
});

const indexWarnings = ({ completionMode, completions = 0, parallelism = 0 }: JobSpec): string[] =>
  completionMode === "Indexed" && completions > MANY_INDEXES && parallelism > MANY_AT_ONCE
    ? [
        `In Indexed Jobs with a number of completions higher than ${MANY_INDEXES} and a parallelism higher than ${MANY_AT_ONCE}, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`,
      ]
    : [];

function statusText({ metadata, status }: Job): string {
  if (isTrue(status, "Complete")) return "Complete";
  if (isTrue(status, "Failed")) return "Failed";
  if (metadata.deletionTimestamp) return "Terminating";
  return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].find((type) => isTrue(status, type)) ?? "Running";
}

function completionsText({ spec, status }: Job): string {
  const succeeded = status.succeeded ?? 0;
  if (spec.completions != null) return `${succeeded}/${spec.completions}`;
  const parallelism = spec.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationText({ status }: Job, now: number): string {
  if (!status.startTime) return "";
  const end = status.completionTime ? Date.parse(status.completionTime) : now;
  return humanDuration(end - Date.parse(status.startTime));
}
