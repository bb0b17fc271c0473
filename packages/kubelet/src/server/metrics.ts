/** /metrics: what the kubelet tells of itself. */
import type { Kubelet } from "../kubelet.ts";
import { exposition } from "../stats/exposition.ts";
import { KUBELET_VERSION } from "../version.ts";

const PHASES = ["created", "exited", "running", "unknown"];

export function kubeletMetrics({ workers, nodeName, tools }: Kubelet): string {
  const states = tools.cache.all().map(([, state]) => state);
  const containers = states.flatMap((state) => state.containers);
  const gauge = (name: string, help: string, samples: { labels?: Record<string, string>; value: number }[]) =>
    ({ name, help, kind: "gauge", samples }) as const;
  return exposition([
    gauge("kubelet_node_name", "[ALPHA] The node's name. The count is always 1.", [
      { labels: { node: nodeName }, value: 1 },
    ]),
    gauge("kubelet_running_pods", "[BETA] Number of pods that have a running pod sandbox", [
      { value: states.filter(({ sandboxes }) => sandboxes.some(({ ready }) => ready)).length },
    ]),
    gauge(
      "kubelet_running_containers",
      "[BETA] Number of containers currently running",
      PHASES.map((phase) => ({
        labels: { container_state: phase },
        value: containers.filter((record) => record.phase === phase).length,
      })),
    ),
    gauge("kubelet_desired_pods", "[ALPHA] The number of pods the kubelet is being instructed to run.", [
      { value: workers.pods().length },
    ]),
    gauge("kubernetes_build_info", "[ALPHA] What is running here.", [
      { labels: { git_version: KUBELET_VERSION, platform: `linux/${process.arch}` }, value: 1 },
    ]),
    gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", [
      { value: performance.timeOrigin / 1000 },
    ]),
    gauge("process_resident_memory_bytes", "Resident memory size in bytes.", [{ value: process.memoryUsage.rss() }]),
  ]);
}
