/**
 * What a scheduler counts, by the names and buckets that kube-scheduler gives it. Sizes are read when they are asked for, and cost nothing
 * in between.
 */
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import type { ClusterState } from "./framework/cluster-state.ts";
import type { SchedulingQueue } from "./queue/scheduling-queue.ts";

export type AttemptResult = "scheduled" | "unschedulable" | "error";
export type IncomingQueue = "active" | "backoff" | "unschedulable" | "gated";

const doubling = (first: number, count: number, factor = 2): number[] =>
  Array.from({ length: count }, (_, i) => first * factor ** i);

export interface Sizes {
  readonly queue: SchedulingQueue;
  readonly cluster: ClusterState;
  readonly binding: number;
}

export type SchedulerMetrics = ReturnType<typeof schedulerMetrics>;

export function schedulerMetrics(registry: MetricsRegistry, sizes: Sizes) {
  const attempts = registry.counter({
    name: "scheduler_schedule_attempts_total",
    help: "Tries to place pods, by how they ended: 'unschedulable' when no node fits, 'error' when something went wrong.",
    labels: ["result", "profile"],
  });
  const attemptDuration = registry.histogram({
    name: "scheduler_scheduling_attempt_duration_seconds",
    help: "How long a try took, from the decision to the end of the binding.",
    labels: ["result", "profile"],
    buckets: doubling(0.001, 15),
  });
  const algorithmDuration = registry.histogram({
    name: "scheduler_scheduling_algorithm_duration_seconds",
    help: "How long a decision took.",
    buckets: doubling(0.001, 15),
  });
  const sliDuration = registry.histogram({
    name: "scheduler_pod_scheduling_sli_duration_seconds",
    help: "How long pods were in the queue until they were bound, over all tries.",
    labels: ["attempts"],
    buckets: doubling(0.01, 20),
  });
  const attemptsOfPod = registry.histogram({
    name: "scheduler_pod_scheduling_attempts",
    help: "How many tries it took to place a pod.",
    buckets: doubling(1, 5),
  });
  const victims = registry.histogram({
    name: "scheduler_preemption_victims",
    help: "How many pods had to go for another.",
    buckets: doubling(1, 7),
  });
  const preemptions = registry.counter({
    name: "scheduler_preemption_attempts_total",
    help: "How often room was sought by removing pods.",
  });
  const incoming = registry.counter({
    name: "scheduler_queue_incoming_pods_total",
    help: "Pods that came into a queue, and what brought them there.",
    labels: ["queue", "event"],
  });
  const permitWait = registry.histogram({
    name: "scheduler_permit_wait_duration_seconds",
    help: "How long pods waited for a permit.",
    labels: ["result"],
    buckets: doubling(0.001, 15),
  });
  collectSizes(registry, sizes);
  return {
    attempted(result: AttemptResult, profile: string, seconds: number): void {
      attempts.values(result, profile).inc();
      attemptDuration.values(result, profile).observe(seconds);
    },
    decided: (seconds: number): void => algorithmDuration.values().observe(seconds),
    bound(tries: number, seconds: number): void {
      attemptsOfPod.values().observe(tries);
      sliDuration.values(tries >= 16 ? "16+" : String(tries)).observe(seconds);
    },
    preempted(count: number): void {
      victims.values().observe(count);
    },
    preempting: (): void => preemptions.values().inc(),
    queued: (queue: IncomingQueue, event: string): void => incoming.values(queue, event).inc(),
    waited: (result: string, seconds: number): void => permitWait.values(result).observe(seconds),
  };
}

function collectSizes(registry: MetricsRegistry, sizes: Sizes): void {
  const pending = registry.gauge({
    name: "scheduler_pending_pods",
    help: "Pods that wait: to be tried ('active'), for their backoff, for a change ('unschedulable'), behind a gate.",
    labels: ["queue"],
  });
  const unschedulable = registry.gauge({
    name: "scheduler_unschedulable_pods",
    help: "Pods for which there is no node, by the plugins that refused them.",
    labels: ["plugin", "profile"],
  });
  const cache = registry.gauge({
    name: "scheduler_cache_size",
    help: "Nodes, pods, and pods whose binding is under way.",
    labels: ["type"],
  });
  const goroutines = registry.gauge({
    name: "scheduler_goroutines",
    help: "Work under way aside of the decisions.",
    labels: ["operation"],
  });
  registry.onCollect(() => {
    const { queue, cluster } = sizes;
    for (const [name, count] of Object.entries(queue.counts)) pending.values(name).set(count);
    unschedulable.clear();
    for (const { pod, refusedBy } of queue.waiting())
      for (const plugin of refusedBy) unschedulable.values(plugin, pod.spec.schedulerName ?? "").inc();
    for (const [name, count] of Object.entries(cluster.sizes)) cache.values(name).set(count);
    goroutines.values("binding").set(sizes.binding);
  });
}
