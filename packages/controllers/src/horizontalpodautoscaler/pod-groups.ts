/** Pods as the autoscaler counts them: those whose metrics count, those not ready yet, those without metrics, those left out altogether. Pure. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { podCondition } from "@kubets/api/pod/state";
import type { PodMetric, PodMetrics } from "./metrics.ts";

export interface PodGroups {
  readonly ready: number;
  readonly unready: readonly string[];
  readonly missing: readonly string[];
  /** Of the pods that count. */
  readonly metrics: Map<string, number>;
}

export interface StartPeriods {
  readonly cpuInitializationMs: number;
  readonly initialReadinessDelayMs: number;
}

export function groupPods(
  pods: readonly Pod[],
  metrics: PodMetrics,
  isCpu: boolean,
  periods: StartPeriods,
  now: number,
): PodGroups {
  const counted = new Map([...metrics].map(([name, { value }]) => [name, value]));
  const [unready, missing]: [string[], string[]] = [[], []];
  let ready = 0;
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata;
    const metric = metrics.get(name);
    if (deletionTimestamp !== undefined || pod.status.phase === "Failed") counted.delete(name);
    else if (pod.status.phase === "Pending") unready.push(name);
    else if (!metric) missing.push(name);
    else if (isCpu && isStarting(pod, metric, periods, now)) unready.push(name);
    else ready++;
  }
  for (const name of unready) counted.delete(name);
  return { ready, unready, missing, metrics: counted };
}

/** The CPU that a pod takes to start says nothing of its load. */
function isStarting(
  { status }: Pod,
  metric: PodMetric,
  { cpuInitializationMs, initialReadinessDelayMs }: StartPeriods,
  now: number,
): boolean {
  const condition = podCondition(status, "Ready");
  if (!condition || !status.startTime) return true;
  const started = Date.parse(status.startTime);
  const changed = Date.parse(condition.lastTransitionTime ?? "");
  if (started + cpuInitializationMs > now)
    return condition.status === "False" || metric.timestamp < changed + metric.windowMs;
  return condition.status === "False" && started + initialReadinessDelayMs > changed;
}
