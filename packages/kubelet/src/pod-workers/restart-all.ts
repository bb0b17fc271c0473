/**
 * When the end of one container makes all of its pod begin anew (a restart rule with the action RestartAllContainers): in the same sandbox, with
 * the same volumes, init containers first.
 * Holds: nothing is remembered. Each container is made for a round, which it carries; those of the round of the container that asked, and of rounds
 * before, count as over.
 */
import type { Pod, PodSpec } from "@kubets/api/generated/types/core-v1";
import type { Verdict } from "./conditions.ts";
import { matchingRule } from "./restart-policy.ts";
import type { ContainerRecord, PodRuntimeState } from "./runtime-state.ts";

const ACTION = "RestartAllContainers";
/** How often all of the pod had begun anew when the container was made. */
export const ROUND = "io.kubets.container.round";

const containersOf = ({ containers, initContainers = [] }: PodSpec) => [...initContainers, ...containers];

const mayRestartAll = (spec: PodSpec): boolean =>
  containersOf(spec).some(({ restartPolicyRules = [] }) => restartPolicyRules.some(({ action }) => action === ACTION));

const roundOf = ({ annotations }: ContainerRecord): number => Number(annotations[ROUND] ?? 0);

/** The container that last asked for it by its end. */
export function asker({ spec }: Pod, { containers }: PodRuntimeState): ContainerRecord | undefined {
  if (!mayRestartAll(spec)) return undefined;
  const asked = containers.filter(({ name, phase, exitCode }) => {
    const container = containersOf(spec).find((each) => each.name === name);
    return phase === "exited" && container && matchingRule(container, exitCode)?.action === ACTION;
  });
  return asked.toSorted((a, b) => roundOf(b) - roundOf(a) || b.finishedAt - a.finishedAt)[0];
}

/** Whether it was made before all began anew. Ephemeral containers are left alone. */
export const isOld = ({ spec }: Pod, record: ContainerRecord, by: ContainerRecord | undefined): boolean =>
  by !== undefined &&
  roundOf(record) <= roundOf(by) &&
  containersOf(spec).some((container) => container.name === record.name);

/** Of the containers that are to be made now. */
export const roundNow = ({ containers }: PodRuntimeState, by: ContainerRecord | undefined): number =>
  Math.max(by ? roundOf(by) + 1 : 0, ...containers.map(roundOf));

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
