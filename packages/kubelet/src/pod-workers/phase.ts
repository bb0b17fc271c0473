/** The phase of a pod, counted from the statuses of its containers. */
import type { ContainerStatus, PodSpec } from "@kubets/api/generated/types/core-v1";
import { isSidecar } from "@kubets/api/pod/containers";
import { initRestarts, restarts } from "./restart-policy.ts";

export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed";

/** `over`: nothing of the pod will run again. */
export function podPhase(spec: PodSpec, statuses: readonly ContainerStatus[], over: boolean): PodPhase {
  const find = (name: string) => statuses.find((status) => status.name === name);
  let initializing = false;
  let failedInit = false;
  for (const container of spec.initContainers ?? []) {
    const status = find(container.name);
    const ended = status?.state.terminated ?? (status?.state.waiting ? status.lastState.terminated : undefined);
    if (isSidecar(container)) {
      if (!status || (!status.started && !ended)) initializing = true;
    } else if (
      ended &&
      status?.state.terminated &&
      ended.exitCode !== 0 &&
      !initRestarts(spec, container, ended.exitCode)
    )
      failedInit = true;
    else if (!ended || ended.exitCode !== 0 || !status?.state.terminated) initializing = true;
  }

  const counts = { running: 0, waiting: 0, stopped: 0, succeeded: 0, restarting: 0 };
  for (const container of spec.containers) {
    const status = find(container.name);
    const ended = status?.state.terminated ?? (status?.state.waiting ? status.lastState.terminated : undefined);
    if (status?.state.running) counts.running++;
    else if (ended) {
      counts.stopped++;
      if (status?.state.terminated && ended.exitCode === 0) counts.succeeded++;
      if (!over && (status?.state.waiting || restarts(spec, container, ended.exitCode))) counts.restarting++;
    } else counts.waiting++;
  }
  if (failedInit && counts.running + counts.stopped === 0) return "Failed";
  if (counts.waiting > 0 || (initializing && counts.running + counts.stopped === 0))
    return over && counts.stopped > 0 ? "Failed" : over && failedInit ? "Failed" : "Pending";
  if (counts.running > 0 || counts.restarting > 0) return "Running";
  return counts.succeeded === counts.stopped ? "Succeeded" : "Failed";
}
