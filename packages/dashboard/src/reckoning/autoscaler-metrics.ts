/** What a HorizontalPodAutoscaler looks at: what each metric is now, and what it should be. */
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from "@kubets/api/generated/types/autoscaling-v2";

export interface MetricLine {
  readonly name: string;
  readonly current: string;
  readonly target: string;
}

export function metricLines({ spec, status }: Pick<HorizontalPodAutoscaler, "spec" | "status">): MetricLine[] {
  // The status has no line for what was never measured; a list of none comes as null.
  const measured = new Map((status?.currentMetrics ?? []).map((metric) => [nameOf(metric), metric]));
  return (spec.metrics ?? []).map((metric) => {
    const name = nameOf(metric);
    const { target } = partOf(metric) as { readonly target: MetricTarget };
    const now = measured.get(name);
    const { current } = ((now && partOf(now)) ?? {}) as { readonly current?: MetricValueStatus };
    return { name, current: current ? currentText(current, target) : "unknown", target: valueText(target) };
  });
}

type Metric = MetricSpec | MetricStatus;

/** What stands under the metric's own type. */
const partOf = ({ resource, containerResource, pods, object, external }: Metric) =>
  resource ?? containerResource ?? pods ?? object ?? external;

function nameOf({ resource, containerResource, pods, object, external }: Metric): string {
  if (resource) return resource.name;
  if (containerResource) return `${containerResource.name} of container ${containerResource.container}`;
  if (pods) return `${pods.metric.name} of pods`;
  if (object) return `${object.metric.name} of ${object.describedObject.kind} ${object.describedObject.name}`;
  return `${external?.metric.name ?? "unknown"} (external)`;
}

/** In the measure of the target. */
const currentText = ({ averageUtilization, averageValue, value }: MetricValueStatus, target: MetricTarget): string => {
  if (target.type === "Utilization" && averageUtilization !== undefined)
    return `${averageUtilization} %${averageValue ? ` (${averageValue} each)` : ""}`;
  return target.type === "AverageValue" && averageValue ? `${averageValue} each` : (value ?? averageValue ?? "unknown");
};

const valueText = ({ type, value, averageValue, averageUtilization }: MetricTarget): string =>
  type === "Utilization" ? `${averageUtilization} %` : type === "AverageValue" ? `${averageValue} each` : `${value}`;
