/** What the server tells of watches of shards, read off the caches when it is asked for. */
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import type { ResourceCache } from "../store/resource-cache.ts";

export function shardMetrics(registry: MetricsRegistry, caches: () => Iterable<ResourceCache>): void {
  const labels = ["group", "resource"];
  const watches = registry.gauge({
    name: "apiserver_watch_shards_total",
    help: "Watches of shards that are open on a resource.",
    labels,
  });
  const leftOut = registry.counter({
    name: "apiserver_watch_filtered_events_total",
    help: "Events that watches were not told of, as those are of other shards.",
    labels,
  });
  registry.onCollect(() => {
    watches.clear();
    leftOut.clear();
    for (const { definition, hub } of caches()) {
      if (hub.shards.watchers === 0 && hub.shards.leftOut === 0) continue;
      const { group, resource } = definition;
      watches.values(group, resource).set(hub.shards.watchers);
      leftOut.values(group, resource).inc(hub.shards.leftOut);
    }
  });
}
