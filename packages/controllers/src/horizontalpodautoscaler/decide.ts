/** What an autoscaler wants, from the bounds and from what its metrics propose. Pure. */
import type { HorizontalPodAutoscalerSpec, MetricStatus } from "@kubets/api/generated/types/autoscaling-v2";
import type { MetricError, MetricProposal } from "./proposals.ts";

export interface MetricOutcome {
  readonly proposal?: MetricProposal;
  readonly error?: MetricError;
  /** It concerns all metrics, and has told its condition. */
  readonly decisive?: boolean;
}

export interface Decision {
  readonly replicas: number;
  /** Why the size changes. */
  readonly reason: string;
  readonly byMetrics: boolean;
  /** A target of no replicas is left alone. */
  readonly disabled: boolean;
  readonly conditions: readonly Condition[];
  readonly statuses?: readonly MetricStatus[];
  /** Nothing can be said of how many replicas there should be. */
  readonly error?: string;
}

interface Condition {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

export function needsMetrics({ minReplicas = 1, maxReplicas }: HorizontalPodAutoscalerSpec, current: number): boolean {
  return (current !== 0 || minReplicas === 0) && current >= minReplicas && current <= maxReplicas;
}

export function decide(
  { minReplicas = 1, maxReplicas }: HorizontalPodAutoscalerSpec,
  current: number,
  outcomes: readonly MetricOutcome[] | undefined,
): Decision {
  const plain = { conditions: [], byMetrics: false, disabled: false, reason: "" };
  if (outcomes) return byMetrics(current, outcomes);
  if (current === 0) {
    const message = "scaling is disabled since the replica count of the target is zero";
    return { ...plain, replicas: 0, disabled: true, conditions: [active("False", "ScalingDisabled", message)] };
  }
  return current > maxReplicas
    ? { ...plain, replicas: maxReplicas, reason: "Current number of replicas above Spec.MaxReplicas" }
    : { ...plain, replicas: minReplicas, reason: "Current number of replicas below Spec.MinReplicas" };
}

/** The largest proposal counts; without some of the metrics it may only grow. */
function byMetrics(current: number, outcomes: readonly MetricOutcome[]): Decision {
  const errors = outcomes.flatMap(({ error }) => error ?? []);
  const [first] = errors;
  const largest = outcomes
    .flatMap(({ proposal }) => proposal ?? [])
    .reduce<MetricProposal | undefined>(
      (best, each) => (best && best.replicas >= each.replicas ? best : each),
      undefined,
    );
  const statuses = outcomes.map(({ proposal }) => proposal?.status ?? { type: "" });
  const base = { byMetrics: true, disabled: false, reason: "" };
  if (first && outcomes[0]?.decisive) return { ...base, replicas: current, conditions: [], error: first.message };
  if (first && (!largest || largest.replicas < current)) {
    const message = `the HPA was unable to compute the replica count: ${first.inner}`;
    return {
      ...base,
      replicas: current,
      statuses,
      conditions: [active("False", first.reason, message)],
      error: `invalid metrics (${errors.length} invalid out of ${outcomes.length}), first error is: ${first.message}`,
    };
  }
  const replicas = largest?.replicas ?? 0;
  const name = largest?.name ?? "";
  const message = `the HPA was able to successfully calculate a replica count from ${name}`;
  return {
    ...base,
    replicas,
    statuses,
    reason: replicas > current ? `${name} above target` : replicas < current ? "All metrics below target" : "",
    conditions: [active("True", "ValidMetricFound", message)],
  };
}

const active = (status: Condition["status"], reason: string, message: string): Condition => ({
  type: "ScalingActive",
  status,
  reason,
  message,
});
