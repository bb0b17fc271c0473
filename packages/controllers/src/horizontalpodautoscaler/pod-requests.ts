/** What pods request of a resource, as utilization is measured against it, in thousandths. Pure. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { isSidecar } from "@kubets/api/pod/containers";
import { milli } from "./metrics.ts";

/** Throws for a container without a request: its utilization means nothing. */
export function podRequestsOf(pods: readonly Pod[], resource: string, container?: string): Map<string, number> {
  return new Map(pods.map((pod) => [pod.metadata.name, requestOf(pod, resource, container)]));
}

function requestOf({ metadata, spec }: Pod, resource: string, wanted: string | undefined): number {
  const whole = wanted === undefined ? spec.resources?.requests?.[resource] : undefined;
  if (whole !== undefined) return milli(whole);
  let sum = 0;
  for (const { name, resources } of [...spec.containers, ...(spec.initContainers ?? []).filter(isSidecar)]) {
    if (wanted !== undefined && name !== wanted) continue;
    const request = resources?.requests?.[resource];
    if (request === undefined)
      throw new Error(`missing request for ${resource} in container ${name} of Pod ${metadata.name}`);
    sum += milli(request);
  }
  return sum;
}
