/**
 * What autoscaling/v1 has no fields for, as texts in annotations: other metrics, behaviour, current metrics and conditions. Their forms are
 * those of the original, so that clients of v1 read and write them.
 */
import type {
  HorizontalPodAutoscalerBehavior,
  HPAScalingRules,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from "../generated/types/autoscaling-v2.ts";
import type { PlainObject } from "../meta.ts";

export const METRICS = "autoscaling.alpha.kubernetes.io/metrics";
export const CURRENT_METRICS = "autoscaling.alpha.kubernetes.io/current-metrics";
export const CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions";
export const BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior";

/** What an annotation says; nothing where it is no JSON. */
export function parseAnnotation(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The fields in which v1 and v2 differ are named by what precedes them: "target" in specs, "current" in statuses. */
type Side = "target" | "current";

export const metricsToV1 = (metrics: readonly MetricSpec[]): PlainObject[] =>
  metrics.map((metric) => metricToV1(metric as MetricLike, "target"));
export const statusesToV1 = (metrics: readonly MetricStatus[]): PlainObject[] =>
  metrics.map((metric) => metricToV1(metric as MetricLike, "current"));
export const metricsFromV1 = (value: unknown): MetricSpec[] =>
  listOf(value).map((metric) => metricFromV1(metric, "target") as unknown as MetricSpec);
export const statusesFromV1 = (value: unknown): MetricStatus[] =>
  listOf(value).map((metric) => metricFromV1(metric, "current") as unknown as MetricStatus);

const listOf = (value: unknown): PlainObject[] => (Array.isArray(value) ? (value as PlainObject[]) : []);

type Values = Partial<MetricTarget & MetricValueStatus>;
type MetricLike = { readonly type: string } & Readonly<
  Record<
    string,
    { readonly metric?: { name: string; selector?: unknown }; readonly describedObject?: unknown } & PlainObject
  >
>;

function metricToV1(spec: MetricLike, side: Side): PlainObject {
  const out: PlainObject = { type: spec.type };
  const { object, pods, resource, containerResource, external } = spec;
  if (object) {
    const values = object[side] as Values;
    out["object"] = present({
      target: object.describedObject,
      metricName: object.metric?.name,
      [`${side}Value`]: values.value ?? "0",
      selector: object.metric?.selector,
      averageValue: values.averageValue,
    });
  }
  if (pods) {
    const values = pods[side] as Values;
    out["pods"] = present({
      metricName: pods.metric?.name,
      [named(side, "AverageValue")]: values.averageValue ?? "0",
      selector: pods.metric?.selector,
    });
  }
  if (resource) out["resource"] = resourceToV1(resource, side);
  if (containerResource)
    out["containerResource"] = { ...resourceToV1(containerResource, side), container: containerResource["container"] };
  if (external) {
    const values = external[side] as Values;
    out["external"] = present({
      metricName: external.metric?.name,
      metricSelector: external.metric?.selector,
      [named(side, "Value")]: side === "current" ? (values.value ?? "0") : values.value,
      [named(side, "AverageValue")]: values.averageValue,
    });
  }
  return out;
}

const named = (side: Side, what: string): string => side + what;

function resourceToV1(resource: PlainObject, side: Side): PlainObject {
  const values = resource[side] as Values;
  return present({
    name: resource["name"],
    [named(side, "AverageUtilization")]: values.averageUtilization,
    [named(side, "AverageValue")]: values.averageValue ?? (side === "current" ? "0" : undefined),
  });
}

function metricFromV1(metric: PlainObject, side: Side): PlainObject {
  const out: PlainObject = { type: metric["type"] };
  for (const source of ["object", "pods", "resource", "containerResource", "external"]) {
    const from = metric[source] as PlainObject | undefined;
    if (from) out[source] = sourceFromV1(source, from, side);
  }
  return out;
}

function sourceFromV1(source: string, from: PlainObject, side: Side): PlainObject {
  const identifier = present({ name: from["metricName"], selector: from["selector"] ?? from["metricSelector"] });
  const averageValue = from[named(side, "AverageValue")] ?? from["averageValue"];
  const utilization = from[named(side, "AverageUtilization")];
  const value = averageValue == null || side === "current" ? from[named(side, "Value")] : undefined;
  const values = present({
    ...(side === "target" && { type: targetType(utilization, averageValue) }),
    value,
    averageValue,
    averageUtilization: utilization,
  });
  if (source === "resource") return { name: from["name"], [side]: values };
  if (source === "containerResource") return { name: from["name"], container: from["container"], [side]: values };
  const ofObject = source === "object" ? { describedObject: from["target"] } : {};
  return { ...ofObject, metric: identifier, [side]: values };
}

const targetType = (utilization: unknown, averageValue: unknown): string =>
  utilization != null ? "Utilization" : averageValue != null ? "AverageValue" : "Value";

export const behaviorToV1 = ({ scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior): PlainObject => ({
  ScaleUp: rulesToV1(scaleUp),
  ScaleDown: rulesToV1(scaleDown),
});

const rulesToV1 = (rules: HPAScalingRules | undefined): PlainObject | null =>
  rules
    ? {
        StabilizationWindowSeconds: rules.stabilizationWindowSeconds ?? null,
        SelectPolicy: rules.selectPolicy ?? null,
        Policies: (rules.policies ?? []).map(({ type, value, periodSeconds }) => ({
          Type: type,
          Value: value,
          PeriodSeconds: periodSeconds,
        })),
        Tolerance: rules.tolerance ?? null,
      }
    : null;

export function behaviorFromV1(value: unknown): HorizontalPodAutoscalerBehavior | undefined {
  if (!value || typeof value !== "object") return undefined;
  const { ScaleUp: up, ScaleDown: down } = value as Record<string, PlainObject | null>;
  return present({ scaleUp: up ? rulesFromV1(up) : undefined, scaleDown: down ? rulesFromV1(down) : undefined });
}

function rulesFromV1(rules: PlainObject): HPAScalingRules {
  const policies = listOf(rules["Policies"]).map(({ Type, Value, PeriodSeconds }) => ({
    type: Type as string,
    value: Value as number,
    periodSeconds: PeriodSeconds as number,
  }));
  return present({
    stabilizationWindowSeconds: rules["StabilizationWindowSeconds"] as number | undefined,
    selectPolicy: rules["SelectPolicy"] as string | undefined,
    policies,
    tolerance: rules["Tolerance"] as string | undefined,
  });
}

/** The same without what is not there. */
const present = <T extends PlainObject>(object: T): T =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value != null)) as T;
