/**
 * What a kubelet counts of its work, by the original's names, labels and buckets. What can be read when it is asked for is not counted here
 * but in pod-counts.ts; operations of the runtime are counted by metered-runtime.ts.
 */
import type { Container, Pod } from "@kubets/api/generated/types/core-v1";
import type { Clock } from "@kubets/machinery";
import {
  type Counter,
  DEFAULT_BUCKETS,
  type Family,
  type Gauge,
  type Histogram,
  MetricsRegistry,
} from "@kubets/machinery/metrics";
import { processMetrics } from "@kubets/machinery/process-metrics";
import { parseTime } from "@kubets/machinery/time";
import { CONFIG_SEEN } from "../static-pods/static-pods.ts";
import { volumeMetrics } from "../stats/volume-metrics.ts";

type ContainerType = "container" | "init_container" | "ephemeral_container";

/** Until a pod runs, in seconds. */
const START_BUCKETS = [
  0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600,
];
const STATUS_BUCKETS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 20, 30, 45, 60];
const PULL_BUCKETS = [1, 5, 10, 20, 30, 60, 180, 300, 600, 900, 1200, 1800, 2700, 3600];
/** From 5 ms, each two and a half times the one before. */
const OPERATION_BUCKETS = Array.from({ length: 14 }, (_, i) => Number((0.005 * 2.5 ** i).toPrecision(6)));

const REQUEST_LABELS = ["long_running", "method", "path", "server_type"];

export class KubeletMetrics {
  readonly registry = new MetricsRegistry();
  readonly #clock: Clock;
  /** How long pods waited for images, by uid, until they have started. */
  readonly #pulling = new Map<string, number>();
  #hasNetworkPod = false;
  #relistedAt: number | undefined;

  readonly #operations = this.#counter("runtime_operations_total", "Calls of the container runtime.", "operation_type");
  readonly #operationErrors = this.#counter(
    "runtime_operations_errors_total",
    "Calls of the container runtime that failed.",
    "operation_type",
  );
  readonly #operationSeconds = this.#histogram(
    "runtime_operations_duration_seconds",
    "How long calls of the container runtime took.",
    OPERATION_BUCKETS,
    "operation_type",
  );
  readonly #sandboxSeconds = this.#histogram(
    "run_podsandbox_duration_seconds",
    "How long it took to make sandboxes of pods.",
    DEFAULT_BUCKETS,
    "runtime_handler",
  );
  readonly #sandboxErrors = this.#counter(
    "run_podsandbox_errors_total",
    "Sandboxes of pods that could not be made.",
    "runtime_handler",
  );
  readonly #podsStarted = this.#counter("started_pods_total", "Sandboxes of pods that were begun.");
  readonly #podErrors = this.#counter("started_pods_errors_total", "Sandboxes of pods that could not be made.");
  readonly #containersStarted = this.#counter(
    "started_containers_total",
    "Containers whose start was tried.",
    "container_type",
  );
  readonly #containerErrors = this.#counter(
    "started_containers_errors_total",
    "Containers that could not be started, and why.",
    "container_type",
    "code",
  );
  readonly #relistSeconds = this.#histogram("pleg_relist_duration_seconds", "How long it took to ask for all pods.");
  readonly #relistInterval = this.#histogram("pleg_relist_interval_seconds", "Time between askings for all pods.");
  readonly #relistLast = this.#gauge("pleg_last_seen_seconds", "When the runtime was last asked for all pods.");
  readonly #syncSeconds = this.#histogram(
    "pod_worker_duration_seconds",
    "How long it took to bring a pod along, by what it was for.",
    DEFAULT_BUCKETS,
    "operation_type",
  );
  readonly #workerStart = this.#histogram("pod_worker_start_duration_seconds", "From a pod seen to its worker begun.");
  readonly #podStart = this.#histogram(
    "pod_start_duration_seconds",
    "From a pod seen to all its containers started.",
    START_BUCKETS,
  );
  readonly #podStartTotal = this.#histogram(
    "pod_start_total_duration_seconds",
    "From a pod's creation to all its containers started.",
    START_BUCKETS,
    "first_with_network",
  );
  readonly #podStartSli = this.#histogram(
    "pod_start_sli_duration_seconds",
    "From a pod's creation to all its containers started, without the time for images.",
    START_BUCKETS,
    "first_with_network",
  );
  readonly #containersPerPod = this.#histogram("containers_per_pod_count", "Containers of a pod.", [1, 2, 4, 8, 16]);
  readonly #statusSeconds = this.#histogram(
    "pod_status_sync_duration_seconds",
    "From a status that changed to the API having it.",
    STATUS_BUCKETS,
  );
  readonly #pullSeconds = this.#histogram(
    "image_pull_duration_seconds",
    "How long images took to pull, by their size.",
    PULL_BUCKETS,
    "image_size_in_bytes",
  );
  readonly #imagesCollected = this.#counter(
    "image_garbage_collected_total",
    "Images that were removed because nothing used them.",
    "reason",
  );
  readonly #volumeImages = this.#counter("image_volume_requested_total", "Images that containers wanted as volumes.");
  readonly #volumeImagesMounted = this.#counter("image_volume_mounted_succeed_total", "Those that they were given.");
  readonly #volumeImageErrors = this.#counter("image_volume_mounted_errors_total", "Those that could not be mounted.");
  readonly #eventStreams = this.#counter("evented_pleg_connection_success_count", "How often the runtime told events.");
  readonly #eventErrors = this.#counter("evented_pleg_connection_error_count", "How often its events broke off.");
  readonly #orphans = this.#counter("orphaned_runtime_pods_total", "Pods that the runtime had and nobody wanted.");
  readonly #shutdownBegan = this.#gauge("graceful_shutdown_start_time_seconds", "When the machine last began to end.");
  readonly #shutdownEnded = this.#gauge("graceful_shutdown_end_time_seconds", "When the pods had ended for that.");
  readonly #droppedPodEvents = this.#counter(
    "pod_watch_events_dropped_total",
    "Watches of the pods API that were ended because nobody read them.",
  );
  readonly #requests = this.#counter("http_requests_total", "Requests to the kubelet.", ...REQUEST_LABELS);
  readonly #requestsNow = this.registry.gauge({
    name: "kubelet_http_inflight_requests",
    help: "Requests to the kubelet that are being answered.",
    labels: REQUEST_LABELS,
  });
  readonly #requestSeconds = this.#histogram(
    "http_requests_duration_seconds",
    "How long requests to the kubelet took.",
    DEFAULT_BUCKETS,
    ...REQUEST_LABELS,
  );
  readonly #memoryMin = this.#gauge(
    "memory_qos_node_memory_min_bytes",
    "Memory kept for guaranteed pods (memory.min).",
  );
  readonly #memoryLow = this.#gauge("memory_qos_node_memory_low_bytes", "Memory kept for burstable pods (memory.low).");
  readonly #evictions = this.#counter("evictions", "Pods evicted, by what the node was short of.", "eviction_signal");
  readonly #preemptions = this.#counter(
    "preemptions",
    "Pods that made room for a critical one, by what was missing.",
    "preemption_signal",
  );

  /** What the volumes behind claims hold, when that is asked for. */
  readonly volumes = volumeMetrics(this.registry);

  constructor(clock: Clock) {
    this.#clock = clock;
    processMetrics(this.registry);
  }

  #counter(name: string, help: string, ...labels: string[]): Family<Counter> {
    return this.registry.counter({ name: `kubelet_${name}`, help, labels });
  }

  #gauge(name: string, help: string): Gauge {
    return this.registry.gauge({ name: `kubelet_${name}`, help }).values();
  }

  #histogram(name: string, help: string, buckets = DEFAULT_BUCKETS, ...labels: string[]): Family<Histogram> {
    return this.registry.histogram({ name: `kubelet_${name}`, help, buckets, labels });
  }

  /** A call of the runtime has ended. */
  called(operation: string, seconds: number, failed: boolean): void {
    this.#operations.values(operation).inc();
    this.#operationSeconds.values(operation).observe(seconds);
    if (failed) this.#operationErrors.values(operation).inc();
  }

  sandboxTried(handler: string, seconds: number, failed: boolean): void {
    this.#podsStarted.values().inc();
    this.#sandboxSeconds.values(handler).observe(seconds);
    if (!failed) return;
    this.#podErrors.values().inc();
    this.#sandboxErrors.values(handler).inc();
  }

  /** `failure`: the reason that its status shows. */
  containerTried(type: ContainerType, failure: string | undefined): void {
    this.#containersStarted.values(type).inc();
    if (failure !== undefined) this.#containerErrors.values(type, failure).inc();
  }

  relisted(seconds: number): void {
    const now = this.#clock.monotonic();
    this.#relistSeconds.values().observe(seconds);
    if (this.#relistedAt !== undefined) this.#relistInterval.values().observe((now - this.#relistedAt) / 1000);
    this.#relistedAt = now;
    this.#relistLast.set(this.#clock.now() / 1000);
  }

  workerBegun({ metadata, spec }: Pod): void {
    this.#workerStart.values().observe(this.#since(metadata.annotations?.[CONFIG_SEEN]));
    this.#containersPerPod.values().observe(spec.containers.length);
  }

  synced(operation: "create" | "update" | "sync", seconds: number): void {
    this.#syncSeconds.values(operation).observe(seconds);
  }

  /** All its containers have started, for the first time. */
  podStarted({ metadata, spec }: Pod): void {
    const isFirst = !this.#hasNetworkPod && !spec.hostNetwork;
    this.#hasNetworkPod ||= isFirst;
    const total = this.#since(metadata.creationTimestamp);
    this.#podStart.values().observe(this.#since(metadata.annotations?.[CONFIG_SEEN]));
    this.#podStartTotal.values(String(isFirst)).observe(total);
    this.#podStartSli.values(String(isFirst)).observe(Math.max(0, total - (this.#pulling.get(metadata.uid) ?? 0)));
    this.#pulling.delete(metadata.uid);
  }

  forget(podUid: string): void {
    this.#pulling.delete(podUid);
  }

  imagePulled(podUid: string, bytes: number, seconds: number): void {
    this.#pullSeconds.values(sizeClass(bytes)).observe(seconds);
    this.#pulling.set(podUid, (this.#pulling.get(podUid) ?? 0) + seconds);
  }

  imageCollected(reason: "age" | "space"): void {
    this.#imagesCollected.values(reason).inc();
  }

  /** A container was tried that has so many images as volumes. */
  volumeImagesTried(count: number, failed: boolean): void {
    this.#volumeImages.values().inc(count);
    (failed ? this.#volumeImageErrors : this.#volumeImagesMounted).values().inc(count);
  }

  statusWritten(seconds: number): void {
    this.#statusSeconds.values().observe(seconds);
  }

  memoryKept({ guaranteed, burstable }: Readonly<Record<"guaranteed" | "burstable", number>>): void {
    this.#memoryMin.set(guaranteed);
    this.#memoryLow.set(burstable);
  }

  evicted(signal: string): void {
    this.#evictions.values(signal).inc();
  }

  preempted(resource: string): void {
    this.#preemptions.values(resource).inc();
  }

  eventsTold(): void {
    this.#eventStreams.values().inc();
  }

  eventsBroken(): void {
    this.#eventErrors.values().inc();
  }

  podEventDropped(): void {
    this.#droppedPodEvents.values().inc();
  }

  orphanFound(): void {
    this.#orphans.values().inc();
  }

  shutdown(began: boolean): void {
    (began ? this.#shutdownBegan : this.#shutdownEnded).set(this.#clock.now() / 1000);
  }

  /** A request begins; call what is returned when it has been answered. */
  requested(method: string, path: string, server: "readonly" | "readwrite", isLong: boolean): () => void {
    const labels = [String(isLong), method, path, server];
    const began = this.#clock.monotonic();
    this.#requests.values(...labels).inc();
    this.#requestsNow.values(...labels).inc();
    return () => {
      this.#requestsNow.values(...labels).dec();
      this.#requestSeconds.values(...labels).observe((this.#clock.monotonic() - began) / 1000);
    };
  }

  #since(time: string | undefined): number {
    return time ? Math.max(0, (this.#clock.now() - parseTime(time)) / 1000) : 0;
  }
}

export function containerTypeOf({ spec }: Pod, { name }: Pick<Container, "name">): ContainerType {
  if (spec.initContainers?.some((each) => each.name === name)) return "init_container";
  return spec.ephemeralContainers?.some((each) => each.name === name) ? "ephemeral_container" : "container";
}

const MB = 2 ** 20;
const GB = 2 ** 30;
const SIZES: readonly (readonly [most: number, name: string])[] = [
  [10 * MB, "0-10MB"],
  [100 * MB, "10MB-100MB"],
  [500 * MB, "100MB-500MB"],
  [GB, "500MB-1GB"],
  [5 * GB, "1GB-5GB"],
  [10 * GB, "5GB-10GB"],
  [20 * GB, "10GB-20GB"],
  [30 * GB, "20GB-30GB"],
  [40 * GB, "30GB-40GB"],
  [60 * GB, "40GB-60GB"],
  [100 * GB, "60GB-100GB"],
];

const sizeClass = (bytes: number): string => SIZES.find(([most]) => bytes <= most)?.[1] ?? "GT100GB";
