/** HorizontalPodAutoscalers: how many replicas a workload gets, by what is measured of it. */
import { type FieldError, invalidValue } from "@kubets/machinery";
import { define } from "../define.ts";
import { checkNonNegative } from "../field-checks.ts";
import { horizontalpodautoscalers } from "../generated/refs.ts";
import type { HorizontalPodAutoscaler } from "../generated/types/autoscaling-v2.ts";
import type { Draft } from "../meta.ts";
import { ownStatus, statusSubresource } from "../own-status.ts";
import type { WriteContext } from "../resource.ts";
import { age, column, nameColumn } from "../table.ts";
import { metricsErrors, objectReferenceErrors } from "./metric-checks.ts";
import { metricsText } from "./metrics-text.ts";
import { behaviorErrors, defaultBehavior } from "./scaling-rules.ts";

/** What an autoscaler goes by when it is not told. */
export const DEFAULT_CPU_UTILIZATION = 80;

export const horizontalPodAutoscalerResource = define(horizontalpodautoscalers, {
  shortNames: ["hpa"],
  categories: ["all"],
  ...ownStatus,
  defaults,
  validate: (autoscaler, context) => specErrors(autoscaler, undefined, context),
  validateUpdate: specErrors,
  subresources: { status: statusSubresource(statusErrors) },
  table: {
    columns: [
      nameColumn,
      column("Reference"),
      column("Targets"),
      column("MinPods"),
      column("MaxPods"),
      column("Replicas"),
      column("Age"),
    ],
    cells: ({ metadata, spec, status }, now) => [
      metadata.name,
      `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`,
      metricsText(spec.metrics ?? [], status.currentMetrics ?? []),
      spec.minReplicas == null ? "<unset>" : String(spec.minReplicas),
      spec.maxReplicas,
      status.currentReplicas ?? 0,
      age(metadata.creationTimestamp, now),
    ],
  },
});

function defaults({ spec }: Draft<HorizontalPodAutoscaler>): void {
  spec.minReplicas ??= 1;
  if (!spec.metrics?.length)
    spec.metrics = [
      {
        type: "Resource",
        resource: { name: "cpu", target: { type: "Utilization", averageUtilization: DEFAULT_CPU_UTILIZATION } },
      },
    ];
  if (spec.behavior) defaultBehavior(spec.behavior);
}

export function specErrors(
  { spec }: HorizontalPodAutoscaler,
  old: HorizontalPodAutoscaler | undefined,
  context: WriteContext,
): FieldError[] {
  const { minReplicas: min, maxReplicas: max, scaleTargetRef, metrics = [], behavior } = spec;
  const lowest = context.featureEnabled("HPAScaleToZero") || old?.spec.minReplicas === 0 ? 0 : 1;
  const errors: FieldError[] = [];
  if (min != null && min < lowest)
    errors.push(invalidValue("spec.minReplicas", min, `must be greater than or equal to ${lowest}`));
  if (max < 1) errors.push(invalidValue("spec.maxReplicas", max, "must be greater than 0"));
  if (min != null && max < min)
    errors.push(invalidValue("spec.maxReplicas", max, "must be greater than or equal to `minReplicas`"));
  return [
    ...errors,
    ...objectReferenceErrors(scaleTargetRef, "spec.scaleTargetRef"),
    ...metricsErrors(metrics, min, "spec.metrics"),
    ...behaviorErrors(behavior, "spec.behavior"),
  ];
}

export function statusErrors({ status }: HorizontalPodAutoscaler): FieldError[] {
  return [
    ...checkNonNegative("status.currentReplicas", status.currentReplicas),
    ...checkNonNegative("status.desiredReplicas", status.desiredReplicas),
  ];
}
