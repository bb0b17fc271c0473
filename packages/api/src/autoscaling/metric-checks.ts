/** The checks of what an autoscaler goes by: metrics and their targets. */
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  pathSegmentName,
  required,
} from "@kubets/machinery";
import { checkForm, checkRequired } from "../field-checks.ts";
import type {
  ContainerResourceMetricSource,
  CrossVersionObjectReference,
  ExternalMetricSource,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
  ObjectMetricSource,
  PodsMetricSource,
  ResourceMetricSource,
} from "../generated/types/autoscaling-v2.ts";
import { checkPositiveQuantity } from "../quantity-checks.ts";

const SOURCES = ["containerResource", "external", "object", "pods", "resource"] as const;
type Source = (typeof SOURCES)[number];
const SOURCE_TYPES = ["ContainerResource", "External", "Object", "Pods", "Resource"];
const TARGET_TYPES = ["Utilization", "Value", "AverageValue"];

export function metricsErrors(
  metrics: readonly MetricSpec[],
  minReplicas: number | undefined,
  field: string,
): FieldError[] {
  const errors = metrics.flatMap((metric, i) => metricErrors(metric, `${field}[${i}]`));
  const outside = metrics.some(({ type }) => type === "Object" || type === "External");
  if (minReplicas === 0 && !outside) {
    const detail = "must specify at least one Object or External metric to support scaling to zero replicas";
    errors.push(forbiddenField(field, detail));
  }
  return errors;
}

function metricErrors(metric: MetricSpec, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!metric.type) errors.push(required(`${field}.type`, "must specify a metric source type"));
  else if (!SOURCE_TYPES.includes(metric.type)) errors.push(notSupported(`${field}.type`, metric.type, SOURCE_TYPES));

  const present = SOURCES.filter((source) => metric[source]);
  const [first] = present;
  if (first && present.length === 1) errors.push(...sourceErrors(metric, first, `${field}.${first}`));

  const expected = SOURCES.find((source) => SOURCE_TYPES[SOURCES.indexOf(source)] === metric.type);
  if (expected && !metric[expected])
    errors.push(required(`${field}.${expected}`, "must populate information for the given metric source"));
  if (present.length !== 1)
    for (const source of present)
      if (source !== expected)
        errors.push(forbiddenField(`${field}.${source}`, "must populate the given metric source only"));
  return errors;
}

function sourceErrors(metric: MetricSpec, source: Source, field: string): FieldError[] {
  switch (source) {
    case "object":
      return objectErrors(metric.object as ObjectMetricSource, field);
    case "external":
      return externalErrors(metric.external as ExternalMetricSource, field);
    case "pods":
      return podsErrors(metric.pods as PodsMetricSource, field);
    case "resource":
      return resourceErrors(metric.resource as ResourceMetricSource, field);
    case "containerResource":
      return resourceErrors(metric.containerResource as ContainerResourceMetricSource, field, true);
  }
}

function objectErrors({ describedObject, metric, target }: ObjectMetricSource, field: string): FieldError[] {
  const errors = [
    ...objectReferenceErrors(describedObject, `${field}.describedObject`),
    ...identifierErrors(metric, `${field}.metric`),
    ...targetErrors(target, `${field}.target`),
  ];
  if (target.value == null && target.averageValue == null)
    errors.push(required(`${field}.target.averageValue`, "must set either a target value or averageValue"));
  return errors;
}

function externalErrors({ metric, target }: ExternalMetricSource, field: string): FieldError[] {
  const errors = [...identifierErrors(metric, `${field}.metric`), ...targetErrors(target, `${field}.target`)];
  const { value, averageValue } = target;
  if (value == null && averageValue == null)
    errors.push(
      required(`${field}.target.averageValue`, "must set either a target value for metric or a per-pod target"),
    );
  if (value != null && averageValue != null)
    errors.push(
      forbiddenField(`${field}.target.value`, "may not set both a target value for metric and a per-pod target"),
    );
  return errors;
}

function podsErrors({ metric, target }: PodsMetricSource, field: string): FieldError[] {
  const errors = [...identifierErrors(metric, `${field}.metric`), ...targetErrors(target, `${field}.target`)];
  const at = `${field}.target.averageValue`;
  if (target.averageValue == null || checkPositiveQuantity(at, target.averageValue).length)
    errors.push(required(at, "must specify a positive target averageValue"));
  return errors;
}

function resourceErrors(
  source: ResourceMetricSource | ContainerResourceMetricSource,
  field: string,
  ofContainer = false,
): FieldError[] {
  const { name, target } = source;
  const errors: FieldError[] = name ? [] : [required(`${field}.name`, "must specify a resource name")];
  if (ofContainer && !("container" in source && source.container))
    errors.push(required(`${field}.container`, "must specify a container"));
  errors.push(...targetErrors(target, `${field}.target`));
  const { averageUtilization, averageValue } = target;
  if (averageUtilization == null && averageValue == null)
    errors.push(
      required(`${field}.target.averageUtilization`, "must set either a target raw value or a target utilization"),
    );
  if (averageUtilization != null && averageValue != null)
    errors.push(
      forbiddenField(`${field}.target.averageValue`, "may not set both a target raw value and a target utilization"),
    );
  return errors;
}

function targetErrors({ type, value, averageValue, averageUtilization }: MetricTarget, field: string): FieldError[] {
  const errors: FieldError[] = type ? [] : [required(`${field}.type`, "must specify a metric target type")];
  if (!TARGET_TYPES.includes(type))
    errors.push(invalidValue(`${field}.type`, type, "must be either Utilization, Value, or AverageValue"));
  errors.push(...checkPositiveQuantity(`${field}.value`, value));
  errors.push(...checkPositiveQuantity(`${field}.averageValue`, averageValue));
  if (averageUtilization != null && averageUtilization < 1)
    errors.push(invalidValue(`${field}.averageUtilization`, averageUtilization, "must be greater than 0"));
  return errors;
}

function identifierErrors({ name }: MetricIdentifier, field: string): FieldError[] {
  if (!name) return [required(`${field}.name`, "must specify a metric name")];
  return checkForm(`${field}.name`, name, pathSegmentName);
}

export const objectReferenceErrors = (reference: CrossVersionObjectReference, field: string): FieldError[] => [
  ...checkRequired(`${field}.kind`, reference.kind, pathSegmentName),
  ...checkRequired(`${field}.name`, reference.name, pathSegmentName),
];
