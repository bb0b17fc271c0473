/** What a Job's pod failure policy says of a pod that failed: the first rule that matches decides. */
import type { PodFailurePolicy, PodFailurePolicyRule } from "@kubets/api/generated/types/batch-v1";
import type { ContainerStatus, Pod } from "@kubets/api/generated/types/core-v1";

type FailureAction = "FailJob" | "FailIndex" | "Ignore" | "Count";

interface FailureVerdict {
  readonly action: FailureAction;
  /** Why, for the Job's condition. */
  readonly message: string;
}

export function judgeFailure(policy: PodFailurePolicy | undefined, pod: Pod): FailureVerdict {
  for (const [index, rule] of (policy?.rules ?? []).entries()) {
    const action = rule.action as FailureAction;
    const why = rule.onExitCodes ? exitMatch(rule.onExitCodes, pod) : conditionMatch(rule, pod);
    if (why) return { action, message: `${why} matching ${action} rule at index ${index}` };
  }
  return { action: "Count", message: "" };
}

function exitMatch(
  { containerName, operator, values }: NonNullable<PodFailurePolicyRule["onExitCodes"]>,
  { metadata, status }: Pod,
): string | undefined {
  const statuses: readonly ContainerStatus[] = [
    ...(status.containerStatuses ?? []),
    ...(status.initContainerStatuses ?? []),
  ];
  for (const { name, state } of statuses) {
    const exitCode = state?.terminated?.exitCode;
    if (exitCode === undefined || exitCode === 0 || (containerName && containerName !== name)) continue;
    if (values.includes(exitCode) === (operator === "In"))
      return `Container ${name} for pod ${metadata.namespace}/${metadata.name} failed with exit code ${exitCode}`;
  }
  return undefined;
}

function conditionMatch({ onPodConditions }: PodFailurePolicyRule, { metadata, status }: Pod): string | undefined {
  for (const { type, status: wanted } of onPodConditions ?? [])
    if (status.conditions?.some((condition) => condition.type === type && condition.status === wanted))
      return `Pod ${metadata.namespace}/${metadata.name} has condition ${type}`;
  return undefined;
}
