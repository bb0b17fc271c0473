/** What the ingress counts, by the names that dashboards of ingress-nginx look for. */
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import { DEFAULT_BUCKETS } from "@kubets/machinery/metrics";
import type { Route } from "./plan/route-table.ts";
import type { ProxyEvents } from "./proxy/proxy.ts";

const PREFIX = "nginx_ingress_controller";
const OF_ROUTE = ["namespace", "ingress", "service"];

export function ingressMetrics(registry: MetricsRegistry): ProxyEvents {
  const requests = registry.counter({
    name: `${PREFIX}_requests`,
    help: "Requests, by the ingress that they met and the status that they got.",
    labels: [...OF_ROUTE, "status"],
  });
  const durations = registry.histogram({
    name: `${PREFIX}_request_duration_seconds`,
    help: "Time until the answer began.",
    labels: OF_ROUTE,
    buckets: DEFAULT_BUCKETS,
  });
  const failures = registry.counter({
    name: `${PREFIX}_upstream_failures`,
    help: "Servers that could not be reached or broke off, whether or not another one answered.",
    labels: [...OF_ROUTE, "kind"],
  });
  const labels = new WeakMap<Route, readonly [string, string, string]>();
  const labelsOf = (route: Route | undefined): readonly [string, string, string] => {
    if (!route) return NONE;
    const known = labels.get(route);
    if (known) return known;
    const service = route.backend?.service.split("/")[1] ?? "";
    const made = [route.ingress.namespace, route.ingress.name, service] as const;
    labels.set(route, made);
    return made;
  };
  return {
    answered(route, status, seconds) {
      const of = labelsOf(route);
      requests.values(...of, String(status)).inc();
      durations.values(...of).observe(seconds);
    },
    failed(route, { kind }) {
      failures.values(...labelsOf(route), kind).inc();
    },
  };
}

const NONE = ["", "", ""] as const;
