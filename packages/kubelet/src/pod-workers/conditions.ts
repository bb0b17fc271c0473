/**
 * The conditions of a pod that are the kubelet's: PodReadyToStartContainers, Initialized, Ready, ContainersReady, and those of a resize.
 * Holds: the time of a transition moves only when the status of the condition does.
 */
import type { ContainerStatus, Pod, PodCondition } from "@kubets/api/generated/types/core-v1";
import { isSidecar } from "@kubets/api/pod/containers";
import { formatTime } from "@kubets/machinery/time";
import type { PodPhase } from "./phase.ts";

export interface Verdict {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason?: string;
  readonly message?: string;
}

interface ConditionFacts {
  readonly phase: PodPhase;
  readonly statuses: readonly ContainerStatus[];
  readonly sandboxReady: boolean;
  readonly now: number;
  /** What else there is to say. */
  readonly more?: readonly Verdict[];
}

export function podConditions(pod: Pod, facts: ConditionFacts): PodCondition[] {
  const containersReady = readiness(pod, facts);
  const verdicts: Verdict[] = [
    { type: "PodReadyToStartContainers", status: facts.sandboxReady ? "True" : "False" },
    initialized(pod, facts),
    { ...withGates(pod, containersReady), type: "Ready" },
    { ...containersReady, type: "ContainersReady" },
    ...(facts.more ?? []),
  ];
  return verdicts.map((verdict) => dated(pod, verdict, facts.now));
}

function dated({ metadata, status }: Pod, verdict: Verdict, now: number): PodCondition {
  const before = status.conditions?.find(({ type }) => type === verdict.type);
  const moved = before?.status !== verdict.status;
  return {
    type: verdict.type,
    ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
    status: verdict.status,
    lastTransitionTime: moved ? formatTime(now) : (before?.lastTransitionTime ?? formatTime(now)),
    ...(verdict.reason && { reason: verdict.reason }),
    ...(verdict.message && { message: verdict.message }),
  };
}

function initialized({ spec }: Pod, { phase, statuses }: ConditionFacts): Verdict {
  const type = "Initialized";
  if (phase === "Succeeded") return { type, status: "True", reason: "PodCompleted" };
  const begun = spec.containers.some(({ name }) => {
    const status = statuses.find((each) => each.name === name);
    return status?.state.running || status?.state.terminated || status?.lastState.terminated;
  });
  if (begun || !spec.initContainers?.length) return { type, status: "True" };
  const open = spec.initContainers
    .filter((container) => {
      const status = statuses.find(({ name }) => name === container.name);
      return isSidecar(container) ? !status?.started : status?.state.terminated?.exitCode !== 0;
    })
    .map(({ name }) => name);
  if (open.length === 0) return { type, status: "True" };
  return {
    type,
    status: "False",
    reason: "ContainersNotInitialized",
    message: `containers with incomplete status: [${open.join(" ")}]`,
  };
}

function readiness({ spec }: Pod, { phase, statuses }: ConditionFacts): Omit<Verdict, "type"> {
  if (phase === "Succeeded") return { status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { status: "False", reason: "PodFailed" };
  const wanted = [...(spec.initContainers ?? []).filter(isSidecar), ...spec.containers];
  const unready = wanted.filter(({ name }) => !statuses.find((status) => status.name === name)?.ready);
  if (unready.length === 0) return { status: "True" };
  const names = unready.map(({ name }) => name).join(" ");
  return { status: "False", reason: "ContainersNotReady", message: `containers with unready status: [${names}]` };
}

function withGates({ spec, status }: Pod, containersReady: Omit<Verdict, "type">): Omit<Verdict, "type"> {
  if (containersReady.status === "False") return containersReady;
  const wrong: string[] = [];
  for (const { conditionType } of spec.readinessGates ?? []) {
    const condition = status.conditions?.find(({ type }) => type === conditionType);
    if (!condition) wrong.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    else if (condition.status !== "True")
      wrong.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`);
  }
  if (wrong.length === 0) return containersReady;
  return {
    status: "False",
    reason: "ReadinessGatesNotReady",
    message: wrong.length === 1 ? (wrong[0] as string) : `[${wrong.join(", ")}]`,
  };
}
