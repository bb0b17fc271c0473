/**
 * What a scheduler counts, by the names, labels and buckets of kube-scheduler v1.36, all under "scheduler_". Not here is what belongs to
 * gates that are off by default (asynchronous API calls), and what counts structures of the original that this one does without.
 */
import type { Counter, Family, Gauge, Histogram, MetricsRegistry } from "@kubets/machinery/metrics";

interface Shape<T> {
  readonly name: string;
  register(registry: MetricsRegistry): Family<T>;
}

const doubling = (first: number, count: number, factor = 2): number[] =>
  Array.from({ length: count }, (_, i) => first * factor ** i);

const SHORT = doubling(0.00001, 20, 1.5);
const POINT = doubling(0.0001, 12);
const TRY = doubling(0.001, 15);
const POD = doubling(0.01, 20);
const DEVICES = doubling(0.1, 15);

function counter(name: string, help: string, ...labels: string[]): Shape<Counter> {
  const options = { name: `scheduler_${name}`, help, labels };
  return { name: options.name, register: (registry) => registry.counter(options) };
}

function gauge(name: string, help: string, ...labels: string[]): Shape<Gauge> {
  const options = { name: `scheduler_${name}`, help, labels };
  return { name: options.name, register: (registry) => registry.gauge(options) };
}

function histogram(name: string, help: string, buckets: readonly number[], ...labels: string[]): Shape<Histogram> {
  const options = { name: `scheduler_${name}`, help, labels, buckets };
  return { name: options.name, register: (registry) => registry.histogram(options) };
}

export const METRICS = {
  attempts: counter(
    "schedule_attempts_total",
    "Tries to place pods, by how they ended: 'unschedulable' when no node fits, 'error' when something went wrong.",
    "result",
    "profile",
  ),
  attemptDuration: histogram(
    "scheduling_attempt_duration_seconds",
    "How long a try took, from the decision to the end of the binding.",
    TRY,
    "result",
    "profile",
  ),
  algorithmDuration: histogram("scheduling_algorithm_duration_seconds", "How long a decision took.", TRY),
  sliDuration: histogram(
    "pod_scheduling_sli_duration_seconds",
    "How long pods were in the queue until they were bound, over all tries.",
    POD,
    "attempts",
  ),
  attemptsOfPod: histogram("pod_scheduling_attempts", "How many tries it took to place a pod.", doubling(1, 5)),
  afterFlush: counter(
    "pod_scheduled_after_flush_total",
    "Pods placed after they had waited so long that they were tried without a cause: a hint may be missing.",
  ),
  victims: histogram("preemption_victims", "How many pods had to go for another.", doubling(1, 7)),
  preemptions: counter("preemption_attempts_total", "How often room was sought by removing pods."),
  evictionDuration: histogram(
    "preemption_goroutines_duration_seconds",
    "How long it took to ask for the removal of all pods that had to go for another.",
    POD,
    "result",
  ),
  evictions: counter("preemption_goroutines_execution_total", "How often pods were asked to go for another.", "result"),
  pending: gauge(
    "pending_pods",
    "Pods that wait: to be tried ('active'), for their backoff, for a change ('unschedulable'), behind a gate.",
    "queue",
  ),
  unschedulable: gauge(
    "unschedulable_pods",
    "Pods for which there is no node, by the plugins that refused them.",
    "plugin",
    "profile",
  ),
  cacheSize: gauge("cache_size", "Nodes, pods, and pods whose binding is under way.", "type"),
  goroutines: gauge("goroutines", "Work under way aside of the decisions.", "operation"),
  incoming: counter(
    "queue_incoming_pods_total",
    "Pods that came into a queue, and what brought them there.",
    "queue",
    "event",
  ),
  permitWait: histogram("permit_wait_duration_seconds", "How long pods waited for a permit.", TRY, "result"),
  hintDuration: histogram(
    "queueing_hint_execution_duration_seconds",
    "How long a plugin thought about whether a change is worth another try of a pod.",
    SHORT,
    "plugin",
    "event",
    "hint",
  ),
  eventDuration: histogram(
    "event_handling_duration_seconds",
    "How long it took to take in a change of the cluster.",
    POINT,
    "event",
  ),
  pointDuration: histogram(
    "framework_extension_point_duration_seconds",
    "How long all plugins of an extension point took.",
    POINT,
    "extension_point",
    "status",
    "profile",
  ),
  pluginDuration: histogram(
    "plugin_execution_duration_seconds",
    "How long a plugin took at an extension point, in a sample of the tries.",
    SHORT,
    "plugin",
    "extension_point",
    "status",
  ),
  evaluations: counter(
    "plugin_evaluation_total",
    "How often a plugin was asked about a pod, or a pod and a node.",
    "plugin",
    "extension_point",
    "profile",
  ),
  batchAttempts: counter(
    "batch_attempts_total",
    "Pods for which answers given about pods alike were there ('hint_used'), and for which they were not ('no_hint').",
    "profile",
    "result",
  ),
  batchFlushed: counter(
    "batch_cache_flushed_total",
    "How often answers about pods alike were let go.",
    "profile",
    "reason",
  ),
  hintFound: histogram(
    "get_node_hint_duration_seconds",
    "How long it took to look for answers about pods alike.",
    SHORT,
    "hinted",
    "profile",
  ),
  volumeRequests: counter(
    "volume_binder_cache_requests_total",
    "How often volumes were held for a pod ('assume'), and claims bound to them ('bind').",
    "operation",
  ),
  volumeErrors: counter(
    "volume_scheduling_stage_error_total",
    "How often volumes could not be found ('predicate'), held ('assume') or bound ('bind') for something that went wrong.",
    "operation",
  ),
  claimsCreated: counter(
    "resourceclaim_creates_total",
    "Claims made for extended resources, by whether that went well.",
    "status",
  ),
  readinessWait: histogram(
    "dra_bindingconditions_wait_duration_seconds",
    "How long pods waited for their devices to become ready.",
    DEVICES,
    "profile",
    "driver",
    "status",
  ),
  readinessWaits: counter(
    "dra_bindingconditions_allocations_total",
    "Devices that pods waited for.",
    "profile",
    "driver",
    "status",
  ),
} as const;

/** Told where groups of pods are scheduled. */
export const GROUP_METRICS = {
  attempts: counter(
    "podgroup_schedule_attempts_total",
    "Tries to place groups of pods, by how they ended: 'waiting_on_preemption' when room is made for one first.",
    "result",
    "profile",
  ),
  attemptDuration: histogram(
    "podgroup_scheduling_attempt_duration_seconds",
    "How long a try of a group took.",
    TRY,
    "result",
    "profile",
  ),
  algorithmDuration: histogram(
    "podgroup_scheduling_algorithm_duration_seconds",
    "How long it took to decide the places of a group, without the search for room.",
    TRY,
  ),
} as const;

type Shapes = Readonly<Record<string, Shape<Counter> | Shape<Gauge> | Shape<Histogram>>>;
type Families<S extends Shapes> = { readonly [N in keyof S]: S[N] extends Shape<infer T> ? Family<T> : never };

/** Once for each registry. */
function registering<S extends Shapes>(shapes: S): (registry: MetricsRegistry) => Families<S> {
  const registered = new WeakMap<MetricsRegistry, Families<S>>();
  return (registry) => {
    let families = registered.get(registry);
    if (!families) {
      const all = Object.entries(shapes).map(([key, shape]) => [key, shape.register(registry)]);
      families = Object.fromEntries(all) as Families<S>;
      registered.set(registry, families);
    }
    return families;
  };
}

export const registerMetrics = registering(METRICS);
export const registerGroupMetrics = registering(GROUP_METRICS);
