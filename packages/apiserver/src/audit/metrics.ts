/** What the server tells of its audit, by the original's names. */
import type { Counter, Family, MetricsRegistry } from "@kubets/machinery/metrics";

type AuditPlugin = "log" | "webhook";

export class AuditMetrics {
  readonly #events: Counter;
  readonly #levels: Family<Counter>;
  readonly #errors: Family<Counter>;
  readonly #rejected: Counter;

  constructor(registry: MetricsRegistry) {
    const counter = (name: string, help: string, ...labels: string[]) => registry.counter({ name, help, labels });
    this.#events = counter("apiserver_audit_event_total", "Events that were told.").values();
    this.#levels = counter("apiserver_audit_level_total", "Requests by the level of the policy.", "level");
    this.#rejected = counter(
      "apiserver_audit_requests_rejected_total",
      "Requests that were refused because they could not be told of.",
    ).values();
    this.#errors = counter("apiserver_audit_error_total", "Events that were lost.", "plugin");
  }

  event(): void {
    this.#events.value++;
  }

  request(level: string): void {
    this.#levels.values(level).value++;
  }

  rejected(): void {
    this.#rejected.value++;
  }

  lost(plugin: AuditPlugin, count: number): void {
    this.#errors.values(plugin).inc(count);
  }
}
