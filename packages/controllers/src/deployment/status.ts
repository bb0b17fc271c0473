/** The status of a Deployment: counters from its ReplicaSets, and the conditions Available, Progressing and ReplicaFailure. */
import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from "@kubets/api/generated/types/apps-v1";
import { formatTime } from "@kubets/machinery";
import { conditionOf, withCondition, withoutCondition } from "../conditions.ts";
import { nonZero } from "../write-status.ts";
import { maxUnavailable, sumAvailable, sumWanted, wantedOf } from "./replica-counts.ts";

const NEVER = 2 ** 31 - 1;
type Conditions = readonly DeploymentCondition[];

export const hasDeadline = ({ spec }: Deployment): boolean =>
  spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== NEVER;

export function condition(
  type: string,
  status: string,
  reason: string,
  message: string,
  now: number,
): DeploymentCondition {
  const time = formatTime(now);
  return { type, status, lastUpdateTime: time, lastTransitionTime: time, reason, message };
}

export function deploymentStatus(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  all: readonly ReplicaSet[],
  now: number,
): DeploymentStatus {
  const sum = (count: (status: ReplicaSet["status"]) => number | undefined) =>
    all.reduce((total, set) => total + (count(set.status) ?? 0), 0);
  const available = sumAvailable(all);
  const terminating = all.every(({ status }) => status.terminatingReplicas !== undefined);
  const enough = available >= wantedOf(deployment) - maxUnavailable(deployment);
  const conditions = withCondition(
    deployment.status.conditions,
    enough
      ? condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
      : condition(
          "Available",
          "False",
          "MinimumReplicasUnavailable",
          "Deployment does not have minimum availability.",
          now,
        ),
  );
  return {
    ...nonZero({
      observedGeneration: deployment.metadata.generation,
      replicas: sum(({ replicas }) => replicas),
      updatedReplicas: current?.status.replicas,
      readyReplicas: sum(({ readyReplicas }) => readyReplicas),
      availableReplicas: available,
      unavailableReplicas: Math.max(0, sumWanted(all) - available),
    }),
    ...(terminating && { terminatingReplicas: sum(({ terminatingReplicas }) => terminatingReplicas) }),
    conditions,
    ...(deployment.status.collisionCount !== undefined && { collisionCount: deployment.status.collisionCount }),
  };
}

/** The status during and after a rollout: with how it progresses, and what fails. */
export function rolloutStatus(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  all: readonly ReplicaSet[],
  now: number,
): DeploymentStatus {
  const status = deploymentStatus(deployment, current, all, now);
  const conditions = withFailures(withProgress(deployment, current, status, now), current, all);
  return { ...status, conditions };
}

function withProgress(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  status: DeploymentStatus,
  now: number,
): Conditions {
  const conditions = status.conditions ?? [];
  if (!hasDeadline(deployment)) return withoutCondition(conditions, "Progressing");
  const before = conditionOf(deployment.status.conditions, "Progressing");
  const wasComplete =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && before?.reason === "NewReplicaSetAvailable";
  if (wasComplete) return conditions;
  const about = current ? `ReplicaSet "${current.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  if (isComplete(deployment, status))
    return withCondition(
      conditions,
      condition("Progressing", "True", "NewReplicaSetAvailable", `${about} has successfully progressed.`, now),
    );
  if (progresses(deployment, status)) {
    const moved = condition("Progressing", "True", "ReplicaSetUpdated", `${about} is progressing.`, now);
    const kept = before?.status === "True" ? { ...moved, lastTransitionTime: before.lastTransitionTime } : moved;
    return [...withoutCondition(conditions, "Progressing"), kept];
  }
  if (isLate(deployment, now))
    return withCondition(
      conditions,
      condition("Progressing", "False", "ProgressDeadlineExceeded", `${about} has timed out progressing.`, now),
    );
  return conditions;
}

function withFailures(conditions: Conditions, current: ReplicaSet | undefined, all: readonly ReplicaSet[]): Conditions {
  const failureOf = (set: ReplicaSet | undefined) => conditionOf(set?.status.conditions, "ReplicaFailure");
  const failure = failureOf(current) ?? all.map(failureOf).find((found) => found);
  if (!failure) return withoutCondition(conditions, "ReplicaFailure");
  const { type, status, reason, message, lastTransitionTime } = failure;
  return withCondition(conditions, {
    type,
    status,
    reason,
    message,
    lastTransitionTime,
    lastUpdateTime: lastTransitionTime,
  });
}

export function isComplete({ spec, metadata }: Deployment, status: DeploymentStatus): boolean {
  const wanted = spec.replicas ?? 1;
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0)
  );
}

function progresses({ status: old }: Deployment, now: DeploymentStatus): boolean {
  const stale = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus) => replicas - updatedReplicas;
  return (
    (now.updatedReplicas ?? 0) > (old.updatedReplicas ?? 0) ||
    stale(now) < stale(old) ||
    (now.readyReplicas ?? 0) > (old.readyReplicas ?? 0) ||
    (now.availableReplicas ?? 0) > (old.availableReplicas ?? 0)
  );
}

/** Whether nothing has moved for as long as the deadline gives. */
function isLate(deployment: Deployment, now: number): boolean {
  const progress = conditionOf(deployment.status.conditions, "Progressing");
  if (!progress || progress.reason === "NewReplicaSetAvailable") return false;
  return progress.reason === "ProgressDeadlineExceeded" || deadlineOf(deployment, progress) < now;
}

const deadlineOf = ({ spec }: Deployment, { lastUpdateTime }: DeploymentCondition): number =>
  Date.parse(lastUpdateTime ?? "") + (spec.progressDeadlineSeconds ?? 0) * 1000;

/** When to look again whether the deadline has passed; nothing if it cannot. */
export function untilLate(deployment: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const progress = conditionOf(deployment.status.conditions, "Progressing");
  if (
    !hasDeadline(deployment) ||
    deployment.spec.paused ||
    !progress ||
    isComplete(deployment, status) ||
    progresses(deployment, status)
  )
    return undefined;
  if (progress.reason === "NewReplicaSetAvailable" || progress.reason === "ProgressDeadlineExceeded") return undefined;
  const left = deadlineOf(deployment, progress) - now;
  return left < 1000 ? 1000 : left + 1000;
}

/** The condition that pausing and resuming leave, so that a pause counts as no lack of progress; nothing to change otherwise. */
export function pauseConditions(deployment: Deployment, now: number): Conditions | undefined {
  if (!hasDeadline(deployment)) return undefined;
  const progress = conditionOf(deployment.status.conditions, "Progressing");
  if (progress?.reason === "ProgressDeadlineExceeded") return undefined;
  const saysPaused = progress?.reason === "DeploymentPaused";
  if (Boolean(deployment.spec.paused) === saysPaused) return undefined;
  const changed = deployment.spec.paused
    ? condition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused", now)
    : condition("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed", now);
  return withCondition(deployment.status.conditions, changed);
}
