/** What the server tells of its connections through proxies, by the original's names. */
import type { Counter, Family, Histogram, MetricsRegistry } from "@kubets/machinery/metrics";

export interface DialLabels {
  readonly protocol: "http_connect" | "grpc";
  readonly transport: "tcp" | "uds";
}

const SECONDS = [0.005, 0.025, 0.1, 0.5, 2.5, 12.5];

export class EgressMetrics {
  readonly #started: Family<Counter>;
  readonly #seconds: Family<Histogram>;
  readonly #failed: Family<Counter>;

  constructor(registry: MetricsRegistry) {
    const labels = ["protocol", "transport"];
    const name = (rest: string) => `apiserver_egress_dialer_${rest}`;
    this.#started = registry.counter({
      name: name("dial_start_total"),
      help: "Connections through proxies that were begun.",
      labels,
    });
    this.#seconds = registry.histogram({
      name: name("dial_duration_seconds"),
      help: "How long it took to make connections through proxies.",
      labels,
      buckets: SECONDS,
    });
    this.#failed = registry.counter({
      name: name("dial_failure_count"),
      help: "Connections through proxies that could not be made: to the proxy (connect), or from there on (proxy).",
      labels: [...labels, "stage"],
    });
  }

  started({ protocol, transport }: DialLabels): void {
    this.#started.values(protocol, transport).inc();
  }

  made({ protocol, transport }: DialLabels, seconds: number): void {
    this.#seconds.values(protocol, transport).observe(seconds);
  }

  failed({ protocol, transport }: DialLabels, stage: "connect" | "proxy"): void {
    this.#failed.values(protocol, transport, stage).inc();
  }
}
