/** The PodGroup that a pod belongs to, and the pods of one. */
import { podgroups } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { PodGroup } from "@kubets/api/generated/types/scheduling-v1alpha2";
import type { Cache } from "@kubets/client";

/** "namespace/name", or nothing: as an index takes it. */
export const groupsOf = ({ metadata, spec }: Pod): string[] =>
  spec.schedulingGroup?.podGroupName ? [`${metadata.namespace}/${spec.schedulingGroup.podGroupName}`] : [];

export function groupOf(pod: Pod, cache: Cache): PodGroup | undefined {
  const [key] = groupsOf(pod);
  return key === undefined ? undefined : cache.get(podgroups, key);
}
