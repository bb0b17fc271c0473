/**
 * What a scheduler counts, by the names and buckets that kube-scheduler gives it. Sizes are read when they are asked for, and cost nothing
 * in between.
 */
import type { Clock } from "@kubets/machinery";
import type { Family, MetricsRegistry } from "@kubets/machinery/metrics";
import type { ClusterState } from "./framework/cluster-state.ts";
import type { PluginMeter } from "./framework/instrumented.ts";
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

export function schedulerMetrics(registry: MetricsRegistry, sizes: Sizes, clock: Clock) {
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
  const afterFlush = registry.counter({
    name: "scheduler_pod_scheduled_after_flush_total",
    help: "Pods placed after they had waited so long that they were tried without a cause: a hint may be missing.",
  });
  const evictionDuration = registry.histogram({
    name: "scheduler_preemption_goroutines_duration_seconds",
    help: "How long it took to ask for the removal of all pods that had to go for another.",
    labels: ["result"],
    buckets: doubling(0.01, 20),
  });
  const evictions = registry.counter({
    name: "scheduler_preemption_goroutines_execution_total",
    help: "How often pods were asked to go for another.",
    labels: ["result"],
  });
  const hintDuration = registry.histogram({
    name: "scheduler_queueing_hint_execution_duration_seconds",
    help: "How long a plugin thought about whether a change is worth another try of a pod.",
    labels: ["plugin", "event", "hint"],
    buckets: doubling(0.00001, 20, 1.5),
  });
  const eventDuration = registry.histogram({
    name: "scheduler_event_handling_duration_seconds",
    help: "How long it took to take in a change of the cluster.",
    labels: ["event"],
    buckets: doubling(0.0001, 12),
  });
  const readinessWait = registry.histogram({
    name: "scheduler_dra_bindingconditions_wait_duration_seconds",
    help: "How long pods waited for their devices to become ready.",
    labels: ["profile", "driver", "status"],
    buckets: doubling(0.1, 15),
  });
  const readinessWaits = registry.counter({
    name: "scheduler_dra_bindingconditions_allocations_total",
    help: "Devices that pods waited for.",
    labels: ["profile", "driver", "status"],
  });
  collectSizes(registry, sizes);
  return {
    now: () => clock.monotonic(),
    hinted: (plugin: string, event: string, hint: "Queue" | "QueueSkip", ms: number): void =>
      hintDuration.values(plugin, event, hint).observe(ms / 1000),
    handled: (event: string, ms: number): void => eventDuration.values(event).observe(ms / 1000),
    evicted(result: "success" | "error", ms: number): void {
      evictions.values(result).inc();
      evictionDuration.values(result).observe(ms / 1000);
    },
    awaitedDevice(profile: string, driver: string, status: "success" | "failure" | "timeout", ms: number): void {
      readinessWaits.values(profile, driver, status).inc();
      readinessWait.values(profile, driver, status).observe(ms / 1000);
    },
    scheduledAfterFlush: (): void => afterFlush.values().inc(),
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

/** Finds children without making a text of their labels each time: these are asked for many times for each pod. */
function childOf<T>(family: Family<T>): (a: string, b: string, c: string) => T {
  const known = new Map<string, Map<string, Map<string, T>>>();
  return (a, b, c) => {
    const found = known.get(a)?.get(b)?.get(c);
    if (found) return found;
    const child = family.values(a, b, c);
    const ofA = known.get(a) ?? new Map<string, Map<string, T>>();
    const ofB = ofA.get(b) ?? new Map<string, T>();
    known.set(a, ofA.set(b, ofB.set(c, child)));
    return child;
  };
}

/** What plugins do, by their names and extension points. */
export function pluginMetrics(registry: MetricsRegistry, clock: Clock): PluginMeter {
  const pointDuration = registry.histogram({
    name: "scheduler_framework_extension_point_duration_seconds",
    help: "How long all plugins of an extension point took.",
    labels: ["extension_point", "status", "profile"],
    buckets: doubling(0.0001, 12),
  });
  const pluginDuration = registry.histogram({
    name: "scheduler_plugin_execution_duration_seconds",
    help: "How long a plugin took at an extension point, in a sample of the tries.",
    labels: ["plugin", "extension_point", "status"],
    buckets: doubling(0.00001, 20, 1.5),
  });
  const evaluations = registry.counter({
    name: "scheduler_plugin_evaluation_total",
    help: "How often a plugin was asked about a pod, or a pod and a node.",
    labels: ["plugin", "extension_point", "profile"],
  });
  const ofPoint = childOf(pointDuration);
  const ofPlugin = childOf(pluginDuration);
  return {
    now: () => clock.monotonic(),
    ranPoint: (point, status, profile, ms) => ofPoint(point, status, profile).observe(ms / 1000),
    ranPlugin: (plugin, point, status, ms) => ofPlugin(plugin, point, status).observe(ms / 1000),
    asking: (plugin, point, profile) => evaluations.values(plugin, point, profile),
  };
}
