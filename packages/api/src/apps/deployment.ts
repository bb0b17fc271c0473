/** Deployments: pods that are kept and rolled forward through ReplicaSets. */
import {
  type FieldError,
  forbiddenField,
  formatLabelSelector,
  type IntOrString,
  invalidValue,
  notSupported,
  required,
} from "@kubets/machinery";
import { define, keepAllBut } from "../define.ts";
import { checkAtMostHundred, checkImmutable, checkIntOrPercent, checkNonNegative } from "../field-checks.ts";
import { deployments } from "../generated/refs.ts";
import type { Deployment, DeploymentStrategy, RollingUpdateDeployment } from "../generated/types/apps-v1.ts";
import type { Draft } from "../meta.ts";
import { ownStatus, statusSubresource } from "../own-status.ts";
import { defaultPodTemplate } from "../pod/defaults.ts";
import { containerCells, containerColumns, templateWarnings } from "../pod-template.ts";
import type { WriteContext } from "../resource.ts";
import { age, column, nameColumn, wide } from "../table.ts";
import { scaleOf } from "./scale.ts";
import { availableErrors, collisionErrors, countErrors, partErrors } from "./status-checks.ts";
import { alwaysRestartErrors, selectorErrors, templateErrors } from "./template.ts";

/** A write of the status leaves the labels as they are. */
const labelsStay = {
  type: "status" as const,
  resetFields: [["spec"], ["metadata", "labels"]],
  prepareForUpdate: (deployment: Draft<Deployment>, old: Deployment) => {
    keepAllBut<Deployment>("status")(deployment, old);
    if (old.metadata.labels) deployment.metadata.labels = { ...old.metadata.labels };
    else delete deployment.metadata.labels;
  },
};

export const deploymentResource = define(deployments, {
  shortNames: ["deploy"],
  categories: ["all"],
  // Annotations reach the ReplicaSets.
  countsGeneration: "annotations",
  ...ownStatus,
  defaults,
  validate,
  validateUpdate: (deployment, old, context) => [
    ...validate(deployment, context),
    ...checkImmutable("spec.selector", deployment.spec.selector, old.spec.selector),
  ],
  warnings: ({ spec }, old) => templateWarnings(spec.template, old?.spec.template),
  subresources: { status: { ...statusSubresource(statusErrors), ...labelsStay }, scale: scaleOf() },
  table: {
    columns: [
      nameColumn,
      column("Ready"),
      column("Up-to-date"),
      column("Available"),
      column("Age"),
      ...containerColumns,
      wide("Selector"),
    ],
    cells: ({ metadata, spec, status }, now) => [
      metadata.name,
      `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
      status.updatedReplicas ?? 0,
      status.availableReplicas ?? 0,
      age(metadata.creationTimestamp, now),
      ...containerCells(spec.template),
      formatLabelSelector(spec.selector),
    ],
  },
});

function defaults({ spec }: Draft<Deployment>): void {
  spec.replicas ??= 1;
  const strategy = (spec.strategy ??= {});
  strategy.type ||= "RollingUpdate";
  if (strategy.type === "RollingUpdate") {
    const rolling = (strategy.rollingUpdate ??= {});
    rolling.maxUnavailable ??= "25%";
    rolling.maxSurge ??= "25%";
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  defaultPodTemplate(spec.template);
}

function validate({ spec }: Deployment, context: WriteContext): FieldError[] {
  const { minReadySeconds = 0, progressDeadlineSeconds: deadline } = spec;
  const errors = [
    ...checkNonNegative("spec.replicas", spec.replicas),
    ...selectorErrors(spec.selector, "deployment"),
    ...templateErrors(spec, "invalid label selector", context),
    ...alwaysRestartErrors(spec.template, "ReplicaSet"),
    ...strategyErrors(spec.strategy, "spec.strategy"),
    ...checkNonNegative("spec.minReadySeconds", minReadySeconds),
    ...checkNonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit),
    ...checkNonNegative("spec.progressDeadlineSeconds", deadline),
  ];
  if (deadline != null && deadline <= minReadySeconds)
    errors.push(invalidValue("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"));
  return errors;
}

function strategyErrors(strategy: DeploymentStrategy, field: string): FieldError[] {
  const { type, rollingUpdate } = strategy;
  switch (type) {
    case "Recreate":
      return rollingUpdate
        ? [forbiddenField(`${field}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'")]
        : [];
    case "RollingUpdate":
      return rollingUpdate
        ? rollingErrors(rollingUpdate, `${field}.rollingUpdate`)
        : [required(`${field}.rollingUpdate`, "this should be defaulted and never be nil")];
    default:
      return [
        notSupported(field, { Type: type ?? "", RollingUpdate: shownRolling(rollingUpdate) }, [
          "Recreate",
          "RollingUpdate",
        ]),
      ];
  }
}

const shownRolling = (rolling: RollingUpdateDeployment | undefined) =>
  rolling ? { MaxUnavailable: rolling.maxUnavailable ?? 0, MaxSurge: rolling.maxSurge ?? 0 } : null;

function rollingErrors({ maxUnavailable = 0, maxSurge = 0 }: RollingUpdateDeployment, field: string): FieldError[] {
  const errors = [
    ...checkIntOrPercent(`${field}.maxUnavailable`, maxUnavailable),
    ...checkIntOrPercent(`${field}.maxSurge`, maxSurge),
  ];
  if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0)
    errors.push(invalidValue(`${field}.maxUnavailable`, maxUnavailable, "may not be 0 when `maxSurge` is 0"));
  return [...errors, ...checkAtMostHundred(`${field}.maxUnavailable`, maxUnavailable)];
}

/** A count or the digits of a percentage: enough to tell whether it is nothing. */
export const amountOf = (value: IntOrString): number =>
  typeof value === "number" ? value : Number.parseInt(value, 10) || 0;

function statusErrors({ status }: Deployment, { status: old }: Deployment): FieldError[] {
  return [
    ...countErrors(status, [
      "observedGeneration",
      "replicas",
      "updatedReplicas",
      "readyReplicas",
      "availableReplicas",
      "unavailableReplicas",
      "terminatingReplicas",
      "collisionCount",
    ]),
    ...partErrors(status, ["updatedReplicas", "readyReplicas", "availableReplicas"]),
    ...availableErrors(status, "readyReplicas"),
    ...collisionErrors(status, old),
  ];
}
