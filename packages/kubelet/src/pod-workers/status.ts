/**
 * The status of a pod, from the runtime and what the worker knows. Pure.
 * Holds: a pod that has ended stays so; it ends (Succeeded, Failed) only when none of its containers runs any more.
 */
import type {
  Container,
  ContainerStatus,
  Pod,
  PodCondition,
  PodStatus,
  ResourceRequirements,
  ResourceStatus,
} from "@kubets/api/generated/types/core-v1";
import { statusOf } from "@kubets/api/pod/containers";
import { computeQosClass } from "@kubets/api/pod/qos";
import { formatTime } from "@kubets/machinery/time";
import { podConditions, type Verdict } from "./conditions.ts";
import { containerStatus } from "./container-status.ts";
import { type PodPhase, podPhase } from "./phase.ts";
import type { ContainerKind, Waiting } from "./plan.ts";
import { asker, isOld, restartAllVerdict } from "./restart-all.ts";
import { initRestarts, restarts } from "./restart-policy.ts";
import { type ContainerRecord, liveSandbox, type PodRuntimeState } from "./runtime-state.ts";

interface StatusFacts {
  readonly runtime: PodRuntimeState;
  readonly now: number;
  readonly startedAt: number;
  readonly hostIPs: readonly string[];
  readonly runtimeName: string;
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** Why the pod ended by the node's will: it overrides what the containers say. */
  readonly failure?: { readonly reason: string; readonly message: string };
  /** Nothing of the pod will run again. */
  readonly over: boolean;
  /** The pod never began: it was refused. */
  readonly rejected?: boolean;
  readonly messages: ReadonlyMap<string, string>;
  readonly tellsSignals?: boolean;
  /** The images that volumes show, by the volumes' names. */
  readonly volumeImages?: ReadonlyMap<string, string>;
  hasStarted(record: ContainerRecord): boolean;
  isReady(record: ContainerRecord): boolean;
  /** What a container runs with, when that is not what it was given. */
  resources?(container: string): ResourceRequirements | undefined;
  /** How the devices of a container are. */
  health?(container: Container): readonly ResourceStatus[];
  /** What else there is to say: of a resize, of a disruption. */
  readonly more?: readonly Verdict[];
}

export function podStatus(pod: Pod, facts: StatusFacts): PodStatus {
  const { spec, status: before, metadata } = pod;
  const base = {
    ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
    qosClass: before.qosClass ?? computeQosClass(spec),
  };
  if (facts.rejected) return { ...base, phase: "Failed", startTime: formatTime(facts.startedAt), ...facts.failure };

  const statuses = (kind: ContainerKind) => containerStatuses(pod, kind, facts);
  const init = statuses("init");
  const regular = statuses("regular");
  const ephemeral = statuses("ephemeral");
  const anyRunning = facts.runtime.containers.some(({ phase }) => phase === "running");
  const phase = phaseOf(pod, [...init, ...regular], facts, anyRunning);
  const all = [...init, ...regular];
  const more = [...restartAllVerdict(pod, facts.runtime, phase), ...(facts.more ?? [])];
  const sandboxReady = liveSandbox(facts.runtime, spec.hostNetwork ?? false) !== undefined;
  const ips = podIPs(pod, facts);
  return {
    ...base,
    phase,
    conditions: podConditions(pod, {
      phase,
      statuses: all,
      sandboxReady,
      now: facts.now,
      more,
    }),
    ...(facts.failure && phase === "Failed" && { reason: facts.failure.reason, message: facts.failure.message }),
    ...(facts.hostIPs[0] && { hostIP: facts.hostIPs[0], hostIPs: facts.hostIPs.map((ip) => ({ ip })) }),
    ...(ips[0] && { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
    startTime: before.startTime ?? formatTime(facts.startedAt),
    ...(init.length > 0 && { initContainerStatuses: init }),
    containerStatuses: regular,
    ...(ephemeral.length > 0 && { ephemeralContainerStatuses: ephemeral }),
  };
}

function phaseOf(pod: Pod, statuses: readonly ContainerStatus[], facts: StatusFacts, anyRunning: boolean): PodPhase {
  const before = pod.status.phase as PodPhase | undefined;
  if (before === "Failed" || before === "Succeeded") return before;
  const terminal = (phase: PodPhase): PodPhase =>
    // Sidecars, and containers on their way out, still run.
    anyRunning ? (before === "Pending" && phase === "Failed" ? "Pending" : "Running") : phase;
  if (facts.failure && facts.over) return terminal("Failed");
  const phase = podPhase(pod.spec, statuses, facts.over);
  return phase === "Failed" || phase === "Succeeded" ? terminal(phase) : phase;
}

function containerStatuses(pod: Pod, kind: ContainerKind, facts: StatusFacts): ContainerStatus[] {
  const { spec, status } = pod;
  const [containers, before] =
    kind === "init"
      ? [spec.initContainers, status.initContainerStatuses]
      : kind === "regular"
        ? [spec.containers, status.containerStatuses]
        : [spec.ephemeralContainers, status.ephemeralContainerStatuses];
  const by = asker(pod, facts.runtime);
  const initially = spec.initContainers?.length && kind !== "ephemeral" ? "PodInitializing" : "ContainerCreating";
  return (containers ?? []).map((container) => {
    const again = (record: ContainerRecord) =>
      isOld(pod, record, by) ||
      (kind === "init"
        ? initRestarts(spec, container as Container, record.exitCode)
        : kind === "regular" && restarts(spec, container as Container, record.exitCode));
    const records = facts.runtime.containers.filter(({ name }) => name === container.name);
    const record = records[0];
    const started = record !== undefined && record.phase === "running" && facts.hasStarted(record);
    const plainInit = kind === "init" && (container as { restartPolicy?: string }).restartPolicy !== "Always";
    return containerStatus({
      container,
      records,
      // One that ended for good waits for nothing.
      waiting: record?.phase === "exited" && !again(record) ? undefined : facts.waiting.get(container.name),
      resources: facts.resources?.(container.name) ?? container.resources ?? {},
      health: kind === "ephemeral" ? [] : (facts.health?.(container as Container) ?? []),
      initially,
      started,
      // A plain init container is ready when it is through.
      ready: plainInit
        ? record?.phase === "exited" && record.exitCode === 0
        : kind !== "ephemeral" && started && record !== undefined && facts.isReady(record),
      over: facts.over,
      before: statusOf(before, container.name),
      runtimeName: facts.runtimeName,
      messages: facts.messages,
      tellsSignal: facts.tellsSignals ?? false,
      volumeImages: facts.volumeImages ?? new Map(),
    });
  });
}

/** Addresses stay in the status of a pod that has ended. */
function podIPs({ spec, status }: Pod, facts: StatusFacts): readonly string[] {
  if (spec.hostNetwork) return facts.runtime.sandboxes.length > 0 || status.podIP ? facts.hostIPs : [];
  const own = facts.runtime.sandboxes[0]?.ips ?? [];
  return own.length > 0 ? own : (status.podIPs ?? []).map(({ ip }) => ip);
}

/** Conditions of a resize, which are there only while there is something to say. */
export const RESIZE_CONDITIONS = ["PodResizePending", "PodResizeInProgress"];

/** Conditions of others (the scheduler's, gates') stay; ours come in our order before them. */
export const mergedConditions = (
  before: readonly PodCondition[] | undefined,
  own: readonly PodCondition[],
): PodCondition[] => [
  ...own,
  ...(before ?? []).filter(
    ({ type }) => !RESIZE_CONDITIONS.includes(type) && !own.some((condition) => condition.type === type),
  ),
];
