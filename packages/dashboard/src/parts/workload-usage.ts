/** What the pods of a workload use together, against what as many of its template ask for and may take. */
import type { PodTemplateSpec } from "@kubets/api/generated/types/core-v1";
import { type ComponentChild, h } from "preact";
import { useMemo } from "preact/hooks";
import { podLimit, podRequest } from "../reckoning/pod-requests.ts";
import { queryText } from "../server/server.ts";
import { type PodMetrics, useMetrics } from "./polled.ts";
import { Usage } from "./usage.ts";

interface WorkloadUsageProps {
  readonly namespace: string;
  readonly labelSelector: string;
  readonly template: PodTemplateSpec | undefined;
}

export function WorkloadUsage({ namespace, labelSelector, template }: WorkloadUsageProps): ComponentChild {
  const path = `/namespaces/${namespace}/pods${queryText({ labelSelector })}`;
  const metrics = useMetrics<{ readonly items: readonly PodMetrics[] }>(path);
  const pods = metrics?.items.length ?? 0;
  // Of none nothing was measured, or not yet.
  const usages = useMemo(
    () => (pods > 0 ? metrics?.items.flatMap(({ containers }) => containers.map(({ usage }) => usage)) : undefined),
    [metrics],
  );
  const bounds = (resource: string) => {
    const limit = template && podLimit(template.spec, resource);
    return {
      requested: template && pods * podRequest(template.spec, resource),
      "at most": limit && pods * limit,
    };
  };
  return h(Usage, { usages, cpu: bounds("cpu"), memory: bounds("memory") });
}
