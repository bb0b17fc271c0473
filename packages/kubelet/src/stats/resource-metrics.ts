/** /metrics/resource: CPU and memory of the node, its pods and containers, which the metrics API and autoscaling are made of. Pure. */
import type { Exposable } from "@kubets/machinery/metrics";
import type { CgroupDetails } from "./cgroup-details.ts";
import { exposition, type FigureFamily, type Sample } from "./exposition.ts";
import type { NodeReading, PodReading } from "./node-stats.ts";

const seconds = (nanos: number | undefined): number | undefined => (nanos === undefined ? undefined : nanos / 1e9);

const swapLimit = ({ swapBytes, swapLimitBytes }: CgroupDetails) =>
  swapBytes === undefined ? undefined : swapLimitBytes;

export function resourceMetrics({ usage, details, pods }: NodeReading): Exposable {
  const ofContainers = (value: (each: PodReading["containers"][number]) => number | undefined): Sample[] =>
    pods.flatMap(({ pod, containers }) =>
      containers.map((each) => ({
        labels: { container: each.record.name, namespace: pod.metadata.namespace, pod: pod.metadata.name },
        value: value(each),
        at: each.stats.timestamp,
      })),
    );
  const ofPods = (value: (each: PodReading) => number | undefined): Sample[] =>
    pods.map((each) => ({
      labels: { namespace: each.pod.metadata.namespace, pod: each.pod.metadata.name },
      value: value(each),
      at: each.usage.timestamp,
    }));
  const ofNode = (value: number | undefined): Sample[] => [{ value, at: usage.timestamp }];
  const counter = (name: string, help: string, samples: Sample[]): FigureFamily => ({
    name,
    kind: "counter",
    help,
    samples,
  });
  const gauge = (name: string, help: string, samples: Sample[]): FigureFamily => ({
    name,
    kind: "gauge",
    help,
    samples,
  });
  return exposition([
    counter(
      "container_cpu_usage_seconds_total",
      "[STABLE] Cumulative cpu time consumed by the container in core-seconds",
      ofContainers(({ stats }) => seconds(stats.cpuNanos)),
    ),
    gauge(
      "container_memory_working_set_bytes",
      "[STABLE] Current working set of the container in bytes",
      ofContainers(({ stats }) => stats.memoryWorkingSetBytes),
    ),
    gauge(
      "container_start_time_seconds",
      "[STABLE] Start time of the container since unix epoch in seconds",
      ofContainers(({ record }) => record.startedAt / 1000),
    ),
    counter(
      "node_cpu_usage_seconds_total",
      "[STABLE] Cumulative cpu time consumed by the node in core-seconds",
      ofNode(seconds(usage.cpuNanos)),
    ),
    gauge(
      "node_memory_working_set_bytes",
      "[STABLE] Current working set of the node in bytes",
      ofNode(usage.memoryWorkingSetBytes),
    ),
    counter(
      "pod_cpu_usage_seconds_total",
      "[STABLE] Cumulative cpu time consumed by the pod in core-seconds",
      ofPods((each) => seconds(each.usage.cpuNanos)),
    ),
    gauge(
      "pod_memory_working_set_bytes",
      "[STABLE] Current working set of the pod in bytes",
      ofPods((each) => each.usage.memoryWorkingSetBytes),
    ),
    gauge(
      "container_swap_limit_bytes",
      "[ALPHA] Current amount of the container swap limit in bytes. Reported only on non-windows systems",
      ofContainers((each) => swapLimit(each.details)),
    ),
    gauge(
      "container_swap_usage_bytes",
      "[ALPHA] Current amount of the container swap usage in bytes. Reported only on non-windows systems",
      ofContainers((each) => each.details.swapBytes),
    ),
    gauge(
      "node_swap_usage_bytes",
      "[ALPHA] Current swap usage of the node in bytes. Reported only on non-windows systems",
      ofNode(details.swapBytes),
    ),
    gauge(
      "pod_swap_usage_bytes",
      "[ALPHA] Current amount of the pod swap usage in bytes. Reported only on non-windows systems",
      ofPods((each) => each.details.swapBytes),
    ),
    gauge("resource_scrape_error", "[STABLE] 1 if there was an error while getting container metrics, 0 otherwise", [
      { value: 0 },
    ]),
  ]);
}
