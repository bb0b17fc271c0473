/** PodGroups for tests. */
import type { PodGroup, PodGroupSpec } from "@kubets/api/generated/types/scheduling-v1alpha2";

/** A gang of so many; without a number its pods do not mind each other. */
export const podGroup = (name: string, minCount?: number, more: Partial<PodGroupSpec> = {}): PodGroup =>
  ({
    kind: "PodGroup",
    apiVersion: "scheduling.k8s.io/v1alpha2",
    metadata: { namespace: "default", name, uid: `uid-${name}` },
    spec: { schedulingPolicy: minCount === undefined ? { basic: {} } : { gang: { minCount } }, ...more },
  }) as unknown as PodGroup;
