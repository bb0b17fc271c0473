/** What the ingress counts, by the names that dashboards of ingress-nginx look for. */
import type { Counter, Histogram, MetricsRegistry } from "@kubets/machinery/metrics";
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
  });
  const failures = registry.counter({
    name: `${PREFIX}_upstream_failures`,
    help: "Servers that could not be reached or broke off, whether or not another one answered.",
    labels: [...OF_ROUTE, "kind"],
  });
  const made = new WeakMap<Route, OfRoute>();
  const none: OfRoute = ofRoute(["", "", ""]);
  function ofRoute(labels: readonly [string, string, string]): OfRoute {
    return { labels, byStatus: new Map(), duration: durations.values(...labels) };
  }
  const of = (route: Route | undefined): OfRoute => {
    if (!route) return none;
    const known = made.get(route);
    if (known) return known;
    const { namespace, name } = route.ingress;
    const fresh = ofRoute([namespace, name, route.backend?.service.split("/")[1] ?? ""]);
    made.set(route, fresh);
    return fresh;
  };
  return {
    answered(route, status, seconds) {
      const { labels, byStatus, duration } = of(route);
      let count = byStatus.get(status);
      if (!count) byStatus.set(status, (count = requests.values(...labels, String(status))));
      count.inc();
      duration.observe(seconds);
    },
    failed(route, { kind }) {
      failures.values(...of(route).labels, kind).inc();
    },
  };
}

/** What is counted for each request, found once. */
interface OfRoute {
  readonly labels: readonly [string, string, string];
  readonly byStatus: Map<number, Counter>;
  readonly duration: Histogram;
}
