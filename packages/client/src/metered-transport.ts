/** A transport that counts what goes over it, by the names that Kubernetes' clients have: `rest_client_*`. */
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import type { ApiRequest, ApiResponse, Transport } from "./transport.ts";

const BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

/** Makes meters of transports; one for a process. `host` is the server, as it is named in the metrics. */
export function transportMeter(registry: MetricsRegistry): (transport: Transport, host: string) => Transport {
  const requests = registry.counter({
    name: "rest_client_requests_total",
    help: "Requests by how they were answered.",
    labels: ["code", "host", "method"],
  });
  const durations = registry.histogram({
    name: "rest_client_request_duration_seconds",
    help: "How long requests took, to the head of the answer.",
    labels: ["host", "verb"],
    buckets: BUCKETS,
  });
  return (transport, host) => {
    const count = ({ method }: ApiRequest, code: string, began: number) => {
      requests.values(code, host, method).inc();
      durations.values(host, method).observe((performance.now() - began) / 1000);
    };
    const metered: Transport = {
      ...(transport.takesObjects && { takesObjects: true }),
      async request(request): Promise<ApiResponse> {
        const began = performance.now();
        try {
          const response = await transport.request(request);
          count(request, String(response.status), began);
          return response;
        } catch (error) {
          count(request, "<error>", began);
          throw error;
        }
      },
      close: () => transport.close(),
    };
    if (!transport.watch) return metered;
    return {
      ...metered,
      async watch(request, sink) {
        const began = performance.now();
        try {
          const watch = await transport.watch?.(request, sink);
          count(request, "200", began);
          return watch as { stop(): void };
        } catch (error) {
          count(request, String((error as { code?: number }).code ?? "<error>"), began);
          throw error;
        }
      },
    };
  };
}
