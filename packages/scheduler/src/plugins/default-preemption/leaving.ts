/** Which pods are going because another was more important. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { podCondition } from "@kubets/api/pod/state";

export function isLeavingForAnother({ metadata, status }: Pod): boolean {
  const target = podCondition(status, "DisruptionTarget");
  return (
    metadata.deletionTimestamp !== undefined && target?.status === "True" && target.reason === "PreemptionByScheduler"
  );
}
