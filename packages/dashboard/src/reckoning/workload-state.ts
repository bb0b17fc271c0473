/** How far a workload is: how many pods it has, and whether that is all that it should have. */
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from "@kubets/api/generated/types/apps-v1";
import type { Job } from "@kubets/api/generated/types/batch-v1";
import type { ReplicationController } from "@kubets/api/generated/types/core-v1";

export type Workload = Deployment | ReplicaSet | StatefulSet | DaemonSet | ReplicationController;

export interface Progress {
  readonly wanted: number;
  readonly ready: number;
  readonly isComplete: boolean;
  /** Where it says why not. */
  readonly why: string;
}

type Condition = {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
};

const saidBy = ({ type, reason, message }: Condition): string => `${reason || type}: ${message ?? ""}`;
const isSeen = (generation = 0, observed = generation): boolean => observed >= generation;

export function deploymentProgress({ metadata, spec, status }: Deployment): Progress {
  const wanted = spec.replicas ?? 1;
  const ready = status.availableReplicas ?? 0;
  const failed = status.conditions?.find(
    ({ type, status: is }) =>
      (type === "Progressing" && is === "False") || (type === "ReplicaFailure" && is === "True"),
  );
  const isComplete =
    isSeen(metadata.generation, status.observedGeneration) &&
    ready >= wanted &&
    (status.updatedReplicas ?? 0) >= wanted &&
    (status.replicas ?? 0) <= wanted &&
    !failed;
  return { wanted, ready, isComplete, why: failed ? saidBy(failed) : spec.paused ? "paused" : "" };
}

export function statefulSetProgress({ metadata, spec, status }: StatefulSet): Progress {
  const wanted = spec.replicas ?? 1;
  const ready = status.readyReplicas ?? 0;
  const isComplete = isSeen(metadata.generation, status.observedGeneration) && ready >= wanted;
  return { wanted, ready, isComplete, why: "" };
}

export function daemonSetProgress({ metadata, status }: DaemonSet): Progress {
  const wanted = status.desiredNumberScheduled;
  const ready = status.numberAvailable ?? 0;
  const isComplete =
    isSeen(metadata.generation, status.observedGeneration) &&
    ready >= wanted &&
    (status.updatedNumberScheduled ?? 0) >= wanted;
  return { wanted, ready, isComplete, why: "" };
}

/** One that runs is no trouble; one that failed is. */
export function jobProgress({ spec, status }: Job): Progress {
  const wanted = spec.completions ?? 1;
  const failed = status.conditions?.find(({ type, status: is }) => type === "Failed" && is === "True");
  return { wanted, ready: status.succeeded ?? 0, isComplete: !failed, why: failed ? saidBy(failed) : "" };
}

/** What the kind counts, in its own words. */
export function counts(kind: string, { spec, status }: Workload): Readonly<Record<string, number>> {
  if (kind === "DaemonSet") {
    const of = status as DaemonSet["status"];
    return {
      wanted: of.desiredNumberScheduled,
      current: of.currentNumberScheduled,
      "up to date": of.updatedNumberScheduled ?? 0,
      ready: of.numberReady,
      available: of.numberAvailable ?? 0,
      "on nodes they should not be on": of.numberMisscheduled,
    };
  }
  const { replicas: wanted = 1 } = spec as Deployment["spec"];
  const of = status as Deployment["status"];
  return {
    wanted,
    current: of.replicas ?? 0,
    ...((kind === "Deployment" || kind === "StatefulSet") && { "up to date": of.updatedReplicas ?? 0 }),
    ready: of.readyReplicas ?? 0,
    available: of.availableReplicas ?? 0,
  };
}

/** How pods of a new template take the place of the old ones. */
export function strategyText(kind: string, { spec }: Workload): string {
  const { strategy, updateStrategy } = spec as {
    readonly strategy?: Strategy;
    readonly updateStrategy?: Strategy;
  };
  const { type, rollingUpdate } = (kind === "Deployment" ? strategy : updateStrategy) ?? {};
  const parts = Object.entries(rollingUpdate ?? {}).map(([name, value]) => `${name} ${value}`);
  return [type, ...parts].filter(Boolean).join(", ");
}

interface Strategy {
  readonly type?: string;
  readonly rollingUpdate?: Readonly<Record<string, number | string>>;
}
