/** ReplicaSets: so many pods of one template. */
import { type FieldError, formatLabelSelector } from "@kubets/machinery";
import { define } from "../define.ts";
import { checkImmutable, checkNonNegative } from "../field-checks.ts";
import { replicasets } from "../generated/refs.ts";
import type { ReplicaSet } from "../generated/types/apps-v1.ts";
import { ownStatus, statusSubresource } from "../own-status.ts";
import { defaultPodTemplate } from "../pod/defaults.ts";
import { containerCells, containerColumns, templateWarnings } from "../pod-template.ts";
import type { WriteContext } from "../resource.ts";
import { age, column, nameColumn, wide } from "../table.ts";
import { scaleOf } from "./scale.ts";
import { availableErrors, countErrors, partErrors } from "./status-checks.ts";
import { alwaysRestartErrors, selectorErrors, templateErrors } from "./template.ts";

export const replicaSetResource = define(replicasets, {
  shortNames: ["rs"],
  categories: ["all"],
  countsGeneration: true,
  ...ownStatus,
  defaults: ({ spec }) => {
    spec.replicas ??= 1;
    defaultPodTemplate(spec.template);
  },
  validate,
  validateUpdate: (replicaSet, old, context) => [
    ...validate(replicaSet, context),
    ...checkImmutable("spec.selector", replicaSet.spec.selector, old.spec.selector),
  ],
  warnings: ({ spec }, old) => templateWarnings(spec.template, old?.spec.template),
  subresources: { status: statusSubresource(statusErrors), scale: scaleOf() },
  table: {
    columns: [
      nameColumn,
      column("Desired", "integer"),
      column("Current", "integer"),
      column("Ready", "integer"),
      column("Age"),
      ...containerColumns,
      wide("Selector"),
    ],
    cells: ({ metadata, spec, status }, now) => [
      metadata.name,
      spec.replicas ?? 0,
      status.replicas ?? 0,
      status.readyReplicas ?? 0,
      age(metadata.creationTimestamp, now),
      ...containerCells(spec.template),
      formatLabelSelector(spec.selector),
    ],
  },
});

function validate({ spec }: ReplicaSet, context: WriteContext): FieldError[] {
  return [
    ...checkNonNegative("spec.replicas", spec.replicas),
    ...checkNonNegative("spec.minReadySeconds", spec.minReadySeconds),
    ...selectorErrors(spec.selector, "deployment"),
    ...templateErrors(spec, "invalid label selector", context),
    ...alwaysRestartErrors(spec.template, "ReplicaSet"),
  ];
}

function statusErrors({ status }: ReplicaSet): FieldError[] {
  return [
    ...countErrors(status, [
      "replicas",
      "fullyLabeledReplicas",
      "readyReplicas",
      "availableReplicas",
      "terminatingReplicas",
      "observedGeneration",
    ]),
    ...partErrors(status, ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"]),
    ...availableErrors(status, "readyReplicas"),
  ];
}
