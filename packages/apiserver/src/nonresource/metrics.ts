/** /metrics: what the server measures of itself, as Prometheus reads it; /metrics/slis: what its health checks found. */
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import { scrape } from "@kubets/wire/metrics-scrape";
import type { CoreExchange } from "../front/core-exchange.ts";
import type { Server } from "../server-context.ts";

export async function serveMetrics({ metrics }: Server, exchange: CoreExchange): Promise<void> {
  await metrics.storage.measureSize();
  await respond(metrics.registry, exchange);
}

export const serveHealthMetrics = ({ metrics }: Server, exchange: CoreExchange): Promise<void> =>
  respond(metrics.health.registry, exchange);

async function respond(registry: MetricsRegistry, exchange: CoreExchange): Promise<void> {
  const { contentType, body } = await scrape(registry, exchange.header("accept"));
  exchange.respond(200, ["content-type", contentType, "cache-control", "no-cache, private"], body);
}
