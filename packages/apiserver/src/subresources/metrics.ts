/** What is told of the way to kubelets for logs, by the original's names: whether clients ask that their certificates be believed, and those that were not. */
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
