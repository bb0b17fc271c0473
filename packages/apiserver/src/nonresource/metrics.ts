/** /metrics: what the server measures of itself, as Prometheus reads it. */
import { scrape } from "@kubets/machinery/metrics-scrape";
import type { CoreExchange } from "../front/core-exchange.ts";
import type { Server } from "../server-context.ts";

export async function serveMetrics({ metrics }: Server, exchange: CoreExchange): Promise<void> {
  const { contentType, body } = await scrape(metrics.registry, exchange.header("accept"));
  exchange.respond(200, ["content-type", contentType, "cache-control", "no-cache, private"], body);
}
