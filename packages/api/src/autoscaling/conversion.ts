/** Autoscalers between autoscaling/v1, which knows the use of CPU alone, and v2, in which they are stored. */
import { canonical } from "../codec/canonical.ts";
import type { HorizontalPodAutoscaler as V1 } from "../generated/types/autoscaling-v1.ts";
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  MetricSpec,
  MetricStatus,
} from "../generated/types/autoscaling-v2.ts";
import { structOf } from "../schema.ts";
import {
  BEHAVIOR,
  behaviorFromV1,
  behaviorToV1,
  CONDITIONS,
  CURRENT_METRICS,
  METRICS,
  metricsFromV1,
  metricsToV1,
  parseAnnotation,
  statusesFromV1,
  statusesToV1,
} from "./round-trip.ts";

const ROUND_TRIP = [METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR];

type Annotations = Readonly<Record<string, string>>;

const V2_STRUCT = "api.autoscaling.v2.HorizontalPodAutoscaler";
const V1_STRUCT = "api.autoscaling.v1.HorizontalPodAutoscaler";

/** Annotations are texts that anyone may write: where one holds what is none of its form, none of them counts. */
export function toV2(v1: V1): HorizontalPodAutoscaler {
  try {
    return toV2With(v1, v1.metadata.annotations ?? {});
  } catch {
    return toV2With(v1, {});
  }
}

function toV2With(v1: V1, said: Annotations): HorizontalPodAutoscaler {
  const { targetCPUUtilizationPercentage: cpu, ...spec } = v1.spec;
  const { currentCPUUtilizationPercentage: currentCpu, ...status } = v1.status ?? {};
  const annotations = v1.metadata.annotations ?? {};
  const others = metricsFromV1(parseAnnotation(said[METRICS]));
  const behavior = behaviorFromV1(parseAnnotation(said[BEHAVIOR]));
  const currentMetrics = parseAnnotation(said[CURRENT_METRICS]);
  const conditions = parseAnnotation(said[CONDITIONS]);
  const v2 = {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { ...v1.metadata, annotations: without(annotations, ROUND_TRIP) },
    spec: { ...spec, metrics: [...others, ...(cpu == null ? [] : [cpuMetric(cpu)])], behavior },
    status: {
      ...status,
      currentMetrics: currentMetrics
        ? statusesFromV1(currentMetrics)
        : currentCpu == null
          ? []
          : [cpuStatus(currentCpu)],
      conditions,
    },
  };
  return canonical(structOf(V2_STRUCT), v2) as unknown as HorizontalPodAutoscaler;
}

export function fromV2(v2: HorizontalPodAutoscaler): V1 {
  const { metrics = [], behavior, ...spec } = v2.spec;
  const { currentMetrics, conditions = [], ...status } = v2.status;
  const others = metrics.filter((metric) => cpuUtilization(metric) === undefined);
  const annotations: Record<string, string> = { ...v2.metadata.annotations };
  if (others.length) annotations[METRICS] = JSON.stringify(metricsToV1(others));
  if (currentMetrics.length) annotations[CURRENT_METRICS] = JSON.stringify(statusesToV1(currentMetrics));
  if (conditions.length) annotations[CONDITIONS] = JSON.stringify(conditions.map(conditionToV1));
  if (behavior) annotations[BEHAVIOR] = JSON.stringify(behaviorToV1(behavior));
  const v1 = {
    apiVersion: "autoscaling/v1",
    kind: "HorizontalPodAutoscaler",
    metadata: { ...v2.metadata, annotations },
    spec: { ...spec, targetCPUUtilizationPercentage: metrics.map(cpuUtilization).find((cpu) => cpu !== undefined) },
    status: {
      ...status,
      currentCPUUtilizationPercentage: currentMetrics.map(currentCpuUtilization).find((cpu) => cpu !== undefined),
    },
  };
  return canonical(structOf(V1_STRUCT), v1) as unknown as V1;
}

const cpuMetric = (averageUtilization: number): MetricSpec => ({
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization } },
});

const cpuStatus = (averageUtilization: number): MetricStatus => ({
  type: "Resource",
  resource: { name: "cpu", current: { averageUtilization } },
});

const cpuUtilization = ({ type, resource }: MetricSpec): number | undefined =>
  type === "Resource" && resource?.name === "cpu" ? (resource.target.averageUtilization ?? undefined) : undefined;

const currentCpuUtilization = ({ type, resource }: MetricStatus): number | undefined =>
  type === "Resource" && resource?.name === "cpu" ? (resource.current.averageUtilization ?? undefined) : undefined;

const conditionToV1 = ({ type, status, lastTransitionTime, reason, message }: HorizontalPodAutoscalerCondition) => ({
  type,
  status,
  lastTransitionTime: lastTransitionTime ?? null,
  ...(reason && { reason }),
  ...(message && { message }),
});

const without = (annotations: Annotations, keys: readonly string[]): Annotations =>
  Object.fromEntries(Object.entries(annotations).filter(([key]) => !keys.includes(key)));
