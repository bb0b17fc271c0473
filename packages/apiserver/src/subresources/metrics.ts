/** What is told of the way to kubelets, by the original's names: for logs, whether clients ask that their certificates be believed, and those that were not; streams. */
import type { Counter, Family, MetricsRegistry } from "@kubets/machinery/metrics";

export class PodLogMetrics {
  readonly #asked: Family<Counter>;
  readonly #failed: Counter;

  constructor(registry: MetricsRegistry) {
    this.#asked = registry.counter({
      name: "kube_apiserver_pod_logs_insecure_backend_total",
      help: "Requests for logs, by whether the kubelet's certificate was to be checked.",
      labels: ["usage"],
    });
    this.#failed = registry
      .counter({
        name: "kube_apiserver_pod_logs_backend_tls_failure_total",
        help: "Requests for logs that failed because the kubelet's certificate is wrong.",
      })
      .values();
  }

  asked(isUnchecked: boolean): void {
    this.#asked.values(isUnchecked ? "skip_tls_allowed" : "enforce_tls").inc();
  }

  wrongCertificate(): void {
    this.#failed.value++;
  }
}

export class StreamMetrics {
  readonly #asked: Family<Counter>;

  constructor(registry: MetricsRegistry) {
    this.#asked = registry.counter({
      name: "apiserver_websocket_streaming_requests_total",
      help: "Requests for streams over WebSockets, all of which are the kubelet's to answer.",
      labels: ["proxy_type", "subresource"],
    });
  }

  asked(subresource: string): void {
    this.#asked.values("proxied_to_kubelet", subresource).inc();
  }
}
