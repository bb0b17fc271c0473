/** What is told of what extends the API, by the original's names: aggregated servers that are away, and conversion webhooks. */
import type { Counter, Family, Gauge, Histogram, MetricsRegistry } from "@kubets/machinery/metrics";
import type { Finding } from "../aggregation/availability.ts";

const WEBHOOK_SECONDS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 45, 60];
/** 1 ms, doubled fourteen times. */
const CRD_SECONDS = Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i);

export type ConversionFailure =
  | "conversion_webhook_call_failure"
  | "conversion_webhook_malformed_response_failure"
  | "conversion_webhook_partial_response_failure"
  | "conversion_webhook_invalid_converted_object_failure";

/** One conversion of one or more objects of a definition. */
interface Conversion {
  readonly definition: string;
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
  readonly failure: ConversionFailure | undefined;
}

export class ExtensionMetrics {
  readonly #away: Family<Gauge>;
  readonly #becameAway: Family<Counter>;
  readonly #asked: Family<Counter>;
  readonly #seconds: Family<Histogram>;
  readonly #crdSeconds: Family<Histogram>;

  constructor(registry: MetricsRegistry) {
    this.#away = registry.gauge({
      name: "aggregator_unavailable_apiservice",
      help: "APIServices whose server is away (1), and those whose server can be used (0).",
      labels: ["name"],
    });
    this.#becameAway = registry.counter({
      name: "aggregator_unavailable_apiservice_total",
      help: "How often the server of an APIService was found to be away, and why.",
      labels: ["name", "reason"],
    });
    const labels = ["failure_type", "result"];
    this.#asked = registry.counter({
      name: "apiserver_conversion_webhook_request_total",
      help: "Conversions that webhooks were asked for, and what was wrong with those that failed.",
      labels,
    });
    this.#seconds = registry.histogram({
      name: "apiserver_conversion_webhook_duration_seconds",
      help: "How long conversion webhooks took, in seconds.",
      labels,
      buckets: WEBHOOK_SECONDS,
    });
    this.#crdSeconds = registry.histogram({
      name: "apiserver_crd_conversion_webhook_duration_seconds",
      help: "How long conversion webhooks took, by the definition and its versions, in seconds.",
      labels: ["crd_name", "from_version", "succeeded", "to_version"],
      buckets: CRD_SECONDS,
    });
  }

  /** How an APIService was found to be, and whether it could be used before. */
  found(name: string, { status, reason = "" }: Finding, couldBeUsed: boolean): void {
    const isAway = status !== "True";
    this.#away.values(name).set(isAway ? 1 : 0);
    if (isAway && couldBeUsed) this.#becameAway.values(name, reason).inc();
  }

  gone(name: string): void {
    this.#away.remove(name);
  }

  converted({ definition, from, to, seconds, failure }: Conversion): void {
    const labels = [failure ?? "", failure ? "failure" : "success"] as const;
    this.#asked.values(...labels).inc();
    this.#seconds.values(...labels).observe(seconds);
    this.#crdSeconds.values(definition, from, String(!failure), to).observe(seconds);
  }
}
