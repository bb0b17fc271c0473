/**
 * What the server tells of its storage and of the caches over it, by the original's names (`etcd_*`, whatever the storage is).
 * What is counted of caches is read off them when it is asked for.
 */
import type { Clock, GroupResource } from "@kubets/machinery";
import type { Counter, Family, Histogram, MetricsRegistry } from "@kubets/machinery/metrics";
import type { Storage } from "@kubets/storage";
import type { ResourceCache } from "../store/resource-cache.ts";
import { ReadMetrics } from "./read-metrics.ts";

const SECONDS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

/** As the original calls its first storage. */
const STORAGE_ID = "etcd-0";

type StorageOperation = "create" | "update" | "delete" | "get" | "list";

/** The meter of one resource's calls to storage. */
export type StorageMeter = <T>(operation: StorageOperation, call: () => Promise<T>) => Promise<T>;

export class StorageMetrics {
  readonly reads: ReadMetrics;
  readonly #registry: MetricsRegistry;
  readonly #clock: Clock;
  readonly #unreadable: Family<Counter>;
  readonly #requests: Family<Counter>;
  readonly #errors: Family<Counter>;
  #measureSize: (() => Promise<void>) | undefined;
  readonly #seconds: Family<Histogram>;

  constructor(registry: MetricsRegistry, clock: Clock) {
    this.reads = new ReadMetrics(registry);
    this.#registry = registry;
    this.#clock = clock;
    const labels = ["group", "operation", "resource"];
    this.#requests = registry.counter({ name: "etcd_requests_total", help: "Calls to storage.", labels });
    this.#errors = registry.counter({
      name: "etcd_request_errors_total",
      help: "Calls to storage that could not be carried out.",
      labels,
    });
    this.#seconds = registry.histogram({
      name: "etcd_request_duration_seconds",
      help: "How long calls to storage took, in seconds.",
      labels,
      buckets: SECONDS,
    });
    this.#unreadable = registry.counter({
      name: "apiserver_storage_decode_errors_total",
      help: "Stored values that could not be read.",
      labels: ["group", "resource"],
    });
  }

  unreadable({ group, resource }: GroupResource): void {
    this.#unreadable.values(group, resource).inc();
  }

  meter({ group, resource }: GroupResource): StorageMeter {
    const clock = this.#clock;
    const kinds = new Map<StorageOperation, { requests: Counter; seconds: Histogram }>();
    return async (operation, call) => {
      let kind = kinds.get(operation);
      if (!kind) {
        const requests = this.#requests.values(group, operation, resource);
        kinds.set(operation, (kind = { requests, seconds: this.#seconds.values(group, operation, resource) }));
      }
      kind.requests.value++;
      const began = clock.monotonic();
      try {
        return await call();
      } catch (error) {
        this.#errors.values(group, operation, resource).inc();
        throw error;
      } finally {
        kind.seconds.observe((clock.monotonic() - began) / 1000);
      }
    };
  }

  /** Tells how large the storage is: it is asked by `measureSize`, before its figures are read. */
  watchSize(storage: Pick<Storage, "diskBytes">): void {
    const size = this.#registry.gauge({
      name: "apiserver_storage_size_bytes",
      help: "How many bytes the files of the storage take.",
      labels: ["storage_cluster_id"],
    });
    const measure = async () => {
      const bytes = await storage.diskBytes?.();
      if (bytes !== undefined) size.values(STORAGE_ID).set(bytes);
    };
    this.#measureSize = measure;
  }

  /** Storage that does not answer leaves the figure as it was. */
  async measureSize(): Promise<void> {
    await this.#measureSize?.().catch(() => {});
  }

  /** Tells of the caches that there are whenever somebody asks. */
  watchCaches(caches: () => Iterable<ResourceCache>): void {
    const labels = ["group", "resource"];
    const gauge = (name: string, help: string) => this.#registry.gauge({ name, help, labels });
    const objects = gauge("apiserver_resource_objects", "Objects that are stored.");
    const sizes = gauge("apiserver_resource_size_estimate_bytes", "How many bytes the stored objects take.");
    const oldObjects = this.#registry.gauge({
      name: "apiserver_storage_objects",
      help: "Objects that are stored, by the resource's full name.",
      labels: ["resource"],
    });
    const capacity = gauge("watch_cache_capacity", "How many changes of the past may be held in memory.");
    const revision = gauge("apiserver_watch_cache_resource_version", "The revision of the newest change in memory.");
    const watchers = this.#registry.gauge({
      name: "apiserver_registered_watchers",
      help: "Watches that are open on a resource.",
      labels: ["group", "kind", "version"],
    });
    const counter = (name: string, help: string) => this.#registry.counter({ name, help, labels });
    const received = counter("apiserver_storage_events_received_total", "Changes that storage told of.");
    const cached = counter("apiserver_watch_cache_events_received_total", "Changes that caches took in.");
    const told = counter("apiserver_watch_cache_events_dispatched_total", "Changes that watchers were told of.");
    const filled = counter("apiserver_watch_cache_initializations_total", "How often caches were filled.");
    this.#registry.onCollect(() => {
      // Those of resources that are gone go too.
      for (const family of [objects, sizes, oldObjects, capacity, revision, watchers]) family.clear();
      for (const family of [received, cached, told, filled]) family.clear();
      for (const cache of caches()) {
        const { group, resource, kind, version } = cache.definition;
        objects.values(group, resource).set(cache.size);
        sizes.values(group, resource).set(cache.bytes);
        oldObjects.values(group ? `${resource}.${group}` : resource).set(cache.size);
        capacity.values(group, resource).set(cache.history.capacity);
        revision.values(group, resource).set(cache.lastChange);
        watchers.values(group, kind, version).set(cache.hub.watchers);
        for (const family of [received, cached, told]) family.values(group, resource).inc(cache.changes);
        filled.values(group, resource).inc();
      }
    });
  }
}
