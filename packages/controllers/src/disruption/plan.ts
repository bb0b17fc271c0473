/** How many pods a budget's owners may do without. Pure. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from "@kubets/api/generated/types/policy-v1";
import { isReady } from "@kubets/api/pod/state";
import { formatTime, scaledValue } from "@kubets/machinery";
import { conditionOf } from "../conditions.ts";

/** An eviction that was allowed is waited for so long. */
const EVICTION_WAIT_MS = 120_000;

/** Whether how many pods there should be, by those who own them, matters. */
export const asksForScale = ({ spec }: PodDisruptionBudget): boolean =>
  spec.maxUnavailable !== undefined || typeof spec.minAvailable === "string";

function desiredHealthy({ spec }: PodDisruptionBudget, expected: number): number {
  if (spec.maxUnavailable !== undefined)
    return Math.max(0, expected - scaledValue(spec.maxUnavailable, expected, "up"));
  return spec.minAvailable === undefined ? 0 : scaledValue(spec.minAvailable, expected, "up");
}

export function budgetStatus(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  expected: number,
  now: number,
): PodDisruptionBudgetStatus {
  const { disrupted } = stillDisrupted(budget, pods, now);
  const healthy = pods.filter(
    (pod) => !pod.metadata.deletionTimestamp && disrupted[pod.metadata.name] === undefined && isReady(pod),
  ).length;
  const desired = desiredHealthy(budget, expected);
  const allowed = expected > 0 ? Math.max(0, healthy - desired) : 0;
  return {
    ...(budget.metadata.generation && { observedGeneration: budget.metadata.generation }),
    ...(Object.keys(disrupted).length > 0 && { disruptedPods: disrupted }),
    disruptionsAllowed: allowed,
    currentHealthy: healthy,
    desiredHealthy: desired,
    expectedPods: expected,
    conditions: withAllowed(budget, allowed > 0 ? "SufficientPods" : "InsufficientPods", "", allowed > 0, now),
  };
}

export const failedStatus = (budget: PodDisruptionBudget, message: string, now: number): PodDisruptionBudgetStatus => ({
  ...budget.status,
  disruptionsAllowed: 0,
  conditions: withAllowed(budget, "SyncFailed", message, false, now),
});

function withAllowed(budget: PodDisruptionBudget, reason: string, message: string, allowed: boolean, now: number) {
  const type = "DisruptionAllowed";
  const status = allowed ? "True" : "False";
  const before = conditionOf(budget.status.conditions, type);
  const lastTransitionTime =
    before?.status === status && before.lastTransitionTime ? before.lastTransitionTime : formatTime(now);
  const { generation } = budget.metadata;
  const condition = {
    type,
    status,
    reason,
    message,
    lastTransitionTime,
    ...(generation && { observedGeneration: generation }),
  };
  return [...(budget.status.conditions ?? []).filter((each) => each.type !== type), condition];
}

/** Pods whose eviction was allowed and that are not gone yet: until they are, or until it has been too long. */
export function stillDisrupted(
  { status }: PodDisruptionBudget,
  pods: readonly Pod[],
  now: number,
): { disrupted: Record<string, string>; waitsUntil: number | undefined } {
  const disrupted: Record<string, string> = {};
  let waitsUntil: number | undefined;
  for (const { metadata } of pods) {
    const since = status.disruptedPods?.[metadata.name];
    if (since === undefined || metadata.deletionTimestamp) continue;
    const until = Date.parse(since) + EVICTION_WAIT_MS;
    if (until <= now) continue;
    disrupted[metadata.name] = since;
    waitsUntil = Math.min(waitsUntil ?? until, until);
  }
  return { disrupted, waitsUntil };
}
