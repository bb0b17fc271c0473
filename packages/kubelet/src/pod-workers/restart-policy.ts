/** Whether a container that has ended is started again. */
import type { Container, ContainerRestartRule, PodSpec } from "@kubets/api/generated/types/core-v1";
import { isSidecar } from "@kubets/api/pod/containers";

/** The first of its rules that says something of the code. */
export const matchingRule = (
  { restartPolicyRules = [] }: Pick<Container, "restartPolicyRules">,
  exitCode: number,
): ContainerRestartRule | undefined =>
  restartPolicyRules.find(
    ({ exitCodes }) => exitCodes && (exitCodes.values ?? []).includes(exitCode) === (exitCodes.operator === "In"),
  );

export function restarts(spec: PodSpec, container: Container, exitCode: number): boolean {
  if (matchingRule(container, exitCode)) return true;
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
