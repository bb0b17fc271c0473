/** What the server tells of its watches: events that were sent, how large they were, with how many watches began, and watchers who were let go. */

import type { GroupResource } from "@kubets/machinery";
import type { Counter, Family, Histogram, MetricsRegistry } from "@kubets/machinery/metrics";

export class WatchMetrics {
  readonly #events: Family<Counter>;
  readonly #sizes: Family<Histogram>;
  readonly #initial: Family<Counter>;
  readonly #terminated: Family<Counter>;

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

  letGo({ group, resource }: GroupResource): void {
    this.#terminated.values(group, resource).inc();
  }
}
