/** What the server tells of its watches: events that were sent, and watchers who were let go. */

import type { GroupResource } from "@kubets/machinery";
import type { Counter, Family, MetricsRegistry } from "@kubets/machinery/metrics";

export class WatchMetrics {
  readonly #events: Family<Counter>;
  readonly #terminated: Family<Counter>;

  constructor(registry: MetricsRegistry) {
    this.#events = registry.counter({
      name: "apiserver_watch_events_total",
      help: "Events that were sent to watchers.",
      labels: ["group", "resource", "version"],
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

  letGo({ group, resource }: GroupResource): void {
    this.#terminated.values(group, resource).inc();
  }
}
