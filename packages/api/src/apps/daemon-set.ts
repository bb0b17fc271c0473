/** DaemonSets: one pod on each node that fits. */
import {
  type FieldError,
  formatLabelSelector,
  invalidValue,
  notSupported,
  required,
  validateLabelSelector,
} from "@kubets/machinery";
import { labelText } from "../core/workload-cells.ts";
import { define } from "../define.ts";
import { checkAtMostHundred, checkImmutable, checkIntOrPercent, checkNonNegative, sameValue } from "../field-checks.ts";
import { daemonsets } from "../generated/refs.ts";
import type { DaemonSet, DaemonSetUpdateStrategy, RollingUpdateDaemonSet } from "../generated/types/apps-v1.ts";
import type { Draft } from "../meta.ts";
import { clearStatus, keepStatus, statusSubresource } from "../own-status.ts";
import { defaultPodTemplate } from "../pod/defaults.ts";
import { validatePodTemplateSpec } from "../pod/validate-template.ts";
import { containerCells, containerColumns, templateWarnings } from "../pod-template.ts";
import type { WriteContext } from "../resource.ts";
import { age, column, nameColumn, wide } from "../table.ts";
import { amountOf } from "./deployment.ts";
import { collisionErrors, countErrors } from "./status-checks.ts";
import { alwaysRestartErrors, emptySelectorErrors, labelErrors, parsedSelector } from "./template.ts";

/** Counts changes of the template, for controllers of old. */
const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";

export const daemonSetResource = define(daemonsets, {
  shortNames: ["ds"],
  categories: ["all"],
  countsGeneration: true,
  defaults,
  prepareForCreate: (daemonSet) => {
    clearStatus<DaemonSet>(daemonSet);
    setTemplateGeneration(daemonSet, Math.max(templateGeneration(daemonSet), 1));
  },
  prepareForUpdate: (daemonSet, old) => {
    keepStatus(daemonSet, old);
    const changed = !sameValue(daemonSet.spec.template, old.spec.template);
    setTemplateGeneration(daemonSet, templateGeneration(old) + (changed ? 1 : 0));
  },
  validate,
  validateUpdate: (daemonSet, old, context) => [
    ...checkImmutable("spec.selector", daemonSet.spec.selector, old.spec.selector),
    ...validate(daemonSet, context),
  ],
  warnings: ({ spec }, old) => templateWarnings(spec.template, old?.spec.template),
  internalAnnotations: [TEMPLATE_GENERATION],
  unreadable: ({ metadata }) => {
    const said = metadata.annotations?.[TEMPLATE_GENERATION];
    return said === undefined || /^[+-]?\d+$/.test(said)
      ? undefined
      : `strconv.ParseInt: parsing ${JSON.stringify(said)}: invalid syntax`;
  },
  subresources: {
    status: statusSubresource(statusErrors, (daemonSet, old) =>
      setTemplateGeneration(daemonSet, templateGeneration(old)),
    ),
  },
  table: {
    columns: [
      nameColumn,
      ...["Desired", "Current", "Ready", "Up-to-date", "Available"].map((name) => column(name, "integer")),
      column("Node Selector"),
      column("Age"),
      ...containerColumns,
      wide("Selector"),
    ],
    cells: ({ metadata, spec, status }, now) => [
      metadata.name,
      status.desiredNumberScheduled ?? 0,
      status.currentNumberScheduled ?? 0,
      status.numberReady ?? 0,
      status.updatedNumberScheduled ?? 0,
      status.numberAvailable ?? 0,
      labelText(spec.template.spec.nodeSelector),
      age(metadata.creationTimestamp, now),
      ...containerCells(spec.template),
      formatLabelSelector(spec.selector),
    ],
  },
});

const templateGeneration = ({
  metadata,
}: {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}) => Number.parseInt(metadata.annotations?.[TEMPLATE_GENERATION] ?? "0", 10) || 0;

function setTemplateGeneration({ metadata }: Draft<DaemonSet>, generation: number): void {
  (metadata.annotations ??= {})[TEMPLATE_GENERATION] = String(generation);
}

function defaults(daemonSet: Draft<DaemonSet>): void {
  const { spec } = daemonSet;
  setTemplateGeneration(daemonSet, templateGeneration(daemonSet));
  const strategy = (spec.updateStrategy ??= {});
  strategy.type ||= "RollingUpdate";
  if (strategy.type === "RollingUpdate") {
    const rolling = (strategy.rollingUpdate ??= {});
    rolling.maxUnavailable ??= 1;
    rolling.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
  defaultPodTemplate(spec.template);
}

function validate({ spec }: DaemonSet, context: WriteContext): FieldError[] {
  const selector = parsedSelector(spec.selector);
  return [
    ...validateLabelSelector(spec.selector, "spec.selector"),
    ...(selector ? labelErrors(selector, spec.template) : []),
    ...(spec.selector ? emptySelectorErrors(spec.selector, "daemonset") : []),
    ...validatePodTemplateSpec(spec.template, "spec.template", context),
    ...alwaysRestartErrors(spec.template, "DaemonSet"),
    ...checkNonNegative("spec.minReadySeconds", spec.minReadySeconds),
    ...strategyErrors(spec.updateStrategy, "spec.updateStrategy"),
    ...checkNonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit),
  ];
}

function strategyErrors(strategy: DaemonSetUpdateStrategy, field: string): FieldError[] {
  const { type, rollingUpdate: rolling } = strategy;
  if (type === "OnDelete") return [];
  if (type === "RollingUpdate")
    return rolling ? rollingErrors(rolling, `${field}.rollingUpdate`) : [required(`${field}.rollingUpdate`)];
  const shown = {
    Type: type ?? "",
    RollingUpdate: rolling ? { MaxUnavailable: rolling.maxUnavailable ?? 0, MaxSurge: rolling.maxSurge ?? 0 } : null,
  };
  return [notSupported(field, shown, ["RollingUpdate", "OnDelete"])];
}

function rollingErrors({ maxUnavailable = 0, maxSurge = 0 }: RollingUpdateDaemonSet, field: string): FieldError[] {
  const errors = [
    ...checkIntOrPercent(`${field}.maxUnavailable`, maxUnavailable),
    ...checkIntOrPercent(`${field}.maxSurge`, maxSurge),
    ...checkAtMostHundred(`${field}.maxUnavailable`, maxUnavailable),
    ...checkAtMostHundred(`${field}.maxSurge`, maxSurge),
  ];
  const [unavailable, surge] = [amountOf(maxUnavailable) !== 0, amountOf(maxSurge) !== 0];
  if (unavailable && surge)
    errors.push(invalidValue(`${field}.maxSurge`, maxSurge, "may not be set when maxUnavailable is non-zero"));
  else if (!unavailable && !surge) errors.push(required(`${field}.maxUnavailable`, "cannot be 0 when maxSurge is 0"));
  return errors;
}

function statusErrors({ status }: DaemonSet, { status: old }: DaemonSet): FieldError[] {
  return [
    ...countErrors(status, [
      "currentNumberScheduled",
      "numberMisscheduled",
      "desiredNumberScheduled",
      "numberReady",
      "observedGeneration",
      "updatedNumberScheduled",
      "numberAvailable",
      "numberUnavailable",
      "collisionCount",
    ]),
    ...collisionErrors(status, old),
  ];
}
