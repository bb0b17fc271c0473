/**
 * When the end of one container makes all of its pod begin anew (a restart rule with the action RestartAllContainers): in the same sandbox, with
 * the same volumes, init containers first.
 * Holds: nothing is remembered. What was made before the container ended that asked for it counts as over, and no container made since asks again.
 */
import type { Pod, PodSpec } from "@kubets/api/generated/types/core-v1";
import type { Verdict } from "./conditions.ts";
import { matchingRule } from "./restart-policy.ts";
import type { ContainerRecord, PodRuntimeState } from "./runtime-state.ts";

const ACTION = "RestartAllContainers";

const containersOf = ({ containers, initContainers = [] }: PodSpec) => [...initContainers, ...containers];

const mayRestartAll = (spec: PodSpec): boolean =>
  containersOf(spec).some(({ restartPolicyRules = [] }) => restartPolicyRules.some(({ action }) => action === ACTION));

/** The container that last asked for it by its end. */
export function asker({ spec }: Pod, { containers }: PodRuntimeState): ContainerRecord | undefined {
  if (!mayRestartAll(spec)) return undefined;
  const asked = containers.filter(({ name, phase, exitCode }) => {
    const container = containersOf(spec).find((each) => each.name === name);
    return phase === "exited" && container && matchingRule(container, exitCode)?.action === ACTION;
  });
  return asked.toSorted((a, b) => b.finishedAt - a.finishedAt)[0];
}

/** Whether it was made before all began anew. Ephemeral containers are left alone. */
export const isOld = (
  { spec }: Pod,
  { id, name, createdAt }: ContainerRecord,
  by: ContainerRecord | undefined,
): boolean =>
  by !== undefined &&
  (id === by.id || createdAt < by.finishedAt) &&
  containersOf(spec).some((container) => container.name === name);

/** What counts of a pod's containers. */
export function sinceReset(pod: Pod, runtime: PodRuntimeState, by = asker(pod, runtime)): PodRuntimeState {
  if (!by) return runtime;
  return { ...runtime, containers: runtime.containers.filter((record) => !isOld(pod, record, by)) };
}

/** True from the end that asked for it until the first container is made anew. */
export function restartAllVerdict(pod: Pod, runtime: PodRuntimeState, phase: string): Verdict[] {
  if (!mayRestartAll(pod.spec)) return [];
  const type = "AllContainersRestarting";
  if (phase === "Succeeded") return [{ type, status: "False", reason: "PodCompleted" }];
  if (phase === "Failed") return [{ type, status: "False", reason: "PodFailed" }];
  const names = containersOf(pod.spec).map(({ name }) => name);
  const begun = sinceReset(pod, runtime).containers.some(({ name }) => names.includes(name));
  if (!asker(pod, runtime) || begun) return [{ type, status: "False" }];
  const message = "container exited with restart policy rule";
  return [{ type, status: "True", reason: "RestartAllContainersStarted", message }];
}
