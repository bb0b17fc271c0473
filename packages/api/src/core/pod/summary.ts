/**
 * The one word that says how a pod does ("Running", "Init:0/1", "CrashLoopBackOff", "Completed", "Terminating"), with how many
 * containers are ready and how often they were started again. Sidecars count with the regular containers once they have started.
 */
import { joined } from "@kubets/machinery/joined";
import type { Container, ContainerStatus, Pod } from "../../generated/types/core-v1.ts";
import { isSidecar, statusOf } from "../../pod/containers.ts";
import { isReady, podCondition } from "../../pod/state.ts";

interface PodSummary {
  readonly ready: number;
  readonly total: number;
  readonly reason: string;
  readonly restarts: number;
  readonly lastRestart: string | undefined;
}

/** What nodes set as the reason of a pod whose node is lost. */
const NODE_LOST = "NodeLost";

export function podSummary(pod: Pod): PodSummary {
  const { spec, status, metadata } = pod;
  const total = spec.containers.length + (spec.initContainers ?? []).filter(isSidecar).length;
  const init = initSummary(pod);
  const counted = init.reason !== undefined && !isInitialized(pod) ? init : runningSummary(pod, init);
  let reason = counted.reason ?? init.reason ?? ownReason(pod);
  if (metadata.deletionTimestamp && status.reason === NODE_LOST) reason = "Unknown";
  else if (metadata.deletionTimestamp && !isEnded(status.phase)) reason = "Terminating";
  return { ...counted, total, reason };
}

interface Counted {
  readonly ready: number;
  readonly restarts: number;
  readonly lastRestart: string | undefined;
  /** Undefined where the containers say nothing. */
  readonly reason: string | undefined;
}

function ownReason({ status }: Pod): string {
  if (podCondition(status, "PodScheduled")?.reason === "SchedulingGated") return "SchedulingGated";
  return status.reason || status.phase || "";
}

const isEnded = (phase: string | undefined) => phase === "Succeeded" || phase === "Failed";
const isInitialized = (pod: Pod) => podCondition(pod.status, "Initialized")?.status === "True";

/** The first init container that still has something to do; without one, the reason is undefined. */
function initSummary({ spec, status }: Pod): Counted {
  const containers = spec.initContainers ?? [];
  const statuses = status.initContainerStatuses ?? [];
  let ready = 0;
  let reason: string | undefined;
  const restarting: ContainerStatus[] = [];
  for (const [i, current] of statuses.entries()) {
    const container = containers.find(({ name }) => name === current.name);
    if (current) restarting.push(current);
    const sidecar = container !== undefined && isSidecar(container);
    if (sidecar && current.started && current.ready) ready++;
    if (isThrough(container, current)) continue;
    reason = initReason(current, i, containers.length);
    break;
  }
  return { ready, reason, ...restartsOf(restarting) };
}

const isThrough = (container: Container | undefined, { state, started }: ContainerStatus): boolean =>
  state?.terminated?.exitCode === 0 || (container !== undefined && isSidecar(container) && started === true);

function initReason({ state }: ContainerStatus, index: number, count: number): string {
  const { terminated, waiting } = state ?? {};
  if (terminated) return `Init:${terminated.reason || endText(terminated)}`;
  if (waiting?.reason && waiting.reason !== "PodInitializing") return `Init:${waiting.reason}`;
  return `Init:${index}/${count}`;
}

const endText = ({ signal, exitCode }: { signal?: number; exitCode: number }): string =>
  signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;

function runningSummary(pod: Pod, init: Counted): Counted {
  const statuses = pod.status.containerStatuses ?? [];
  let reason: string | undefined;
  let ready = init.ready;
  let running = false;
  for (const { state, ready: isUp } of statuses.toReversed()) {
    const { waiting, terminated, running: up } = state ?? {};
    if (waiting?.reason) reason = waiting.reason;
    else if (terminated) reason = terminated.reason || endText(terminated);
    else if (isUp && up) {
      running = true;
      ready++;
    }
  }
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar);
  const restarting = sidecars.map(({ name }) => statusOf(pod.status.initContainerStatuses, name));
  const counted = restartsOf(
    joined(
      restarting.filter((it) => it !== undefined),
      statuses,
    ),
  );
  // A container that completed does not tell for a pod whose others run.
  if (reason === "Completed" && running) reason = isReady(pod) ? "Running" : "NotReady";
  return { ready, reason, ...counted };
}

function restartsOf(statuses: readonly ContainerStatus[]): { restarts: number; lastRestart: string | undefined } {
  let restarts = 0;
  let lastRestart: string | undefined;
  for (const { restartCount, lastState } of statuses) {
    restarts += restartCount ?? 0;
    const ended = lastState?.terminated?.finishedAt;
    if (ended && (!lastRestart || ended > lastRestart)) lastRestart = ended;
  }
  return { restarts, lastRestart };
}
