/** What the server tells of its watches: events that were sent, how large they were, with how many watches began, and watchers who were let go. */
import type { GroupResource } from "@kubets/machinery";
import type { Counter, Family, Histogram, MetricsRegistry } from "@kubets/machinery/metrics";
import type { RequestInfo } from "../request-info.ts";

const LIST_SECONDS = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 15, 20, 30, 45, 60];

export class WatchMetrics {
  readonly #events: Family<Counter>;
  readonly #sizes: Family<Histogram>;
  readonly #initial: Family<Counter>;
  readonly #terminated: Family<Counter>;
  readonly #listSeconds: Family<Histogram>;

  constructor(registry: MetricsRegistry) {
    this.#events = registry.counter({
      name: "apiserver_watch_events_total",
      help: "Events that were sent to watchers.",
      labels: ["group", "resource", "version"],
    });
    this.#sizes = registry.histogram({
      name: "apiserver_watch_events_sizes",
      help: "How large events are that were sent to watchers, in bytes.",
      labels: ["group", "resource", "version"],
      buckets: [1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072],
    });
    this.#initial = registry.counter({
      name: "apiserver_init_events_total",
      help: "Events of what was there when a watch began.",
      labels: ["group", "resource"],
    });
    this.#terminated = registry.counter({
      name: "apiserver_terminated_watchers_total",
      help: "Watchers that were let go because they did not read.",
      labels: ["group", "resource"],
    });
    this.#listSeconds = registry.histogram({
      name: "apiserver_watch_list_duration_seconds",
      help: "How long it took until watches had been told what was there, in seconds.",
      labels: ["group", "resource", "scope", "version"],
      buckets: LIST_SECONDS,
    });
  }

  /** The counter of a resource's events; kept by each watch. */
  events({ group, resource, version }: GroupResource & { readonly version: string }): Counter {
    return this.#events.values(group, resource, version);
  }

  /** The sizes of a resource's events; kept by each watch. */
  sizes({ group, resource, version }: GroupResource & { readonly version: string }): Histogram {
    return this.#sizes.values(group, resource, version);
  }

  began({ group, resource }: GroupResource, events: number): void {
    this.#initial.values(group, resource).inc(events);
  }

  /** A watch that asked to be told when it has been told all that was there. */
  listed({ group, resource, version, namespace, name }: RequestInfo, seconds: number): void {
    const scope = name ? "resource" : namespace ? "namespace" : "cluster";
    this.#listSeconds.values(group, resource, scope, version).observe(seconds);
  }

  letGo({ group, resource }: GroupResource): void {
    this.#terminated.values(group, resource).inc();
  }
}
