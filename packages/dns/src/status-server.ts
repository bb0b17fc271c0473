/** The HTTP of a DNS server: /metrics, /health and /ready. */
import type { Server } from "node:http";
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import { createServer } from "@kubets/machinery/node-http";
import { scrape } from "@kubets/wire/metrics-scrape";
import type { RunningDns } from "./run-dns.ts";

/** `where`: as "192.0.2.1:9153" or "[2001:db8::1]:9153". */
export function serveStatus(where: string, dns: RunningDns, metrics: MetricsRegistry): Server {
  const cut = where.lastIndexOf(":");
  const server = createServer((request, response) => {
    const texts: Record<string, () => [number, string]> = {
      "/health": () => [200, "OK"],
      "/ready": () => (dns.isReady ? [200, "OK"] : [503, "not ready"]),
    };
    if (request.url === "/metrics")
      return void scrape(metrics, request.headers.accept).then(({ contentType, body }) =>
        response.writeHead(200, { "content-type": contentType }).end(body),
      );
    const [status, text] = texts[request.url ?? ""]?.() ?? [404, "not found\n"];
    response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(text);
  });
  return server.listen({ host: where.slice(0, cut).replace(/^\[|\]$/g, ""), port: Number(where.slice(cut + 1)) });
}
