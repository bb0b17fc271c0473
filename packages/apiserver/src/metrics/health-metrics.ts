/** What health checks found, for whoever reckons with service levels: told at /metrics/slis, by the original's names. */
import { type Counter, type Family, type Gauge, MetricsRegistry } from "@kubets/machinery/metrics";

export class HealthMetrics {
  readonly registry = new MetricsRegistry();
  readonly #now: Family<Gauge>;
  readonly #all: Family<Counter>;

  constructor() {
    this.#now = this.registry.gauge({
      name: "kubernetes_healthcheck",
      help: "What a health check found last: 1 when all was well.",
      labels: ["name", "type"],
    });
    this.#all = this.registry.counter({
      name: "kubernetes_healthchecks_total",
      help: "What health checks found.",
      labels: ["name", "status", "type"],
    });
  }

  checked(name: string, endpoint: string, isWell: boolean): void {
    this.#now.values(name, endpoint).set(isWell ? 1 : 0);
    this.#all.values(name, isWell ? "success" : "error", endpoint).inc();
  }
}
