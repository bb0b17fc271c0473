/** Whether a container that has ended is started again. */
import type { Container, PodSpec } from "@kubets/api/generated/types/core-v1";
import { isSidecar } from "@kubets/api/pod/containers";

export function restarts(spec: PodSpec, container: Container, exitCode: number): boolean {
  for (const { action, exitCodes } of container.restartPolicyRules ?? []) {
    if (action !== "Restart" || !exitCodes) continue;
    const listed = (exitCodes.values ?? []).includes(exitCode);
    if (exitCodes.operator === "In" ? listed : !listed) return true;
  }
  const policy = container.restartPolicy ?? spec.restartPolicy ?? "Always";
  return policy === "Always" || (policy === "OnFailure" && exitCode !== 0);
}

/** An init container is done when it succeeded; one that failed is tried again unless the pod is never to be restarted. */
export const initRestarts = (spec: PodSpec, container: Container, exitCode: number): boolean =>
  isSidecar(container) ||
  (exitCode !== 0 &&
    (container.restartPolicy || container.restartPolicyRules
      ? restarts(spec, container, exitCode)
      : spec.restartPolicy !== "Never"));
