/** The metrics of a proxy, by the names that kube-proxy gives them. */
import type { MetricsRegistry } from "@kubets/machinery/metrics";

export interface ProxyMetrics {
  synced(how: "partial" | "full", seconds: number, now: number): void;
  failed(how: "partial" | "full"): void;
}

const BUCKETS = [
  0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384,
];

export function proxyMetrics(registry: MetricsRegistry): ProxyMetrics {
  const histogram = (name: string, help: string) => registry.histogram({ name, help, buckets: BUCKETS }).values();
  const all = histogram("kubeproxy_sync_proxy_rules_duration_seconds", "Time to program services, in seconds.");
  const by = {
    full: histogram("kubeproxy_sync_full_proxy_rules_duration_seconds", "Time to replace all rules, in seconds."),
    partial: histogram("kubeproxy_sync_partial_proxy_rules_duration_seconds", "Time of a change of rules, in seconds."),
  };
  const last = registry
    .gauge({
      name: "kubeproxy_sync_proxy_rules_last_timestamp_seconds",
      help: "When services were last programmed, in seconds since 1970.",
    })
    .values();
  const failures = registry.counter({
    name: "kubeproxy_sync_proxy_rules_failures_total",
    help: "How often services could not be programmed.",
    labels: ["how"],
  });
  return {
    synced(how, seconds, now) {
      all.observe(seconds);
      by[how].observe(seconds);
      last.set(now);
    },
    failed: (how) => failures.values(how).inc(),
  };
}
