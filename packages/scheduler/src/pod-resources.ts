/**
 * /metrics/resources: what each pod asks for and may use at most, as the scheduler counts it, with the node where it is. Made when it is
 * asked for, in pieces, since there may be very many pods.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { type Amounts, podLimits, podRequests } from "@kubets/api/pod/resources";
import { isFinished } from "@kubets/api/pod/state";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { each, inTurns } from "@kubets/machinery/turns";

const LABELS = ["namespace", "pod", "node", "scheduler", "priority", "resource", "unit"];

export async function podResources(pods: readonly Pod[]): Promise<MetricsRegistry> {
  const registry = new MetricsRegistry();
  const what = (name: string, help: string) => registry.gauge({ name, help, labels: LABELS });
  const requests = what(
    "kube_pod_resource_request",
    "What pods ask for, overhead included, as the scheduler counts it.",
  );
  const limits = what("kube_pod_resource_limit", "What pods may use at most, overhead included.");
  await inTurns(() =>
    each(pods.length, (i) => {
      const pod = pods[i] as Pod;
      if (pod.spec.nodeName && isFinished(pod)) return;
      for (const [gauge, amounts] of [
        [requests, podRequests(pod)],
        [limits, podLimits(pod)],
      ] as const)
        for (const [resource, value] of valuesOf(amounts)) gauge.values(...labelsOf(pod, resource)).set(value);
    }),
  );
  return registry;
}

const valuesOf = (amounts: Amounts): [string, number][] =>
  [...amounts].filter(([, amount]) => !amount.isZero()).map(([resource, amount]) => [resource, amount.toNumber()]);

const labelsOf = ({ metadata, spec }: Pod, resource: string): string[] => [
  metadata.namespace,
  metadata.name,
  spec.nodeName ?? "",
  spec.schedulerName ?? "",
  spec.priority === undefined ? "" : String(spec.priority),
  resource,
  unitOf(resource),
];

function unitOf(resource: string): string {
  if (resource === "cpu") return "cores";
  if (["memory", "storage", "ephemeral-storage"].includes(resource) || resource.startsWith("hugepages-"))
    return "bytes";
  return resource.startsWith("attachable-volumes-") ? "integer" : "";
}
