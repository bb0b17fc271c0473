/** What a running ingress tells of itself: /healthz and /metrics, over plain HTTP. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import { createServer } from "@kubets/machinery/node-http";
import { scrape } from "@kubets/wire/metrics-scrape";

interface StatusServer {
  readonly port: number;
  close(): void;
}

/** `where`: "HOST:PORT". */
export async function serveStatus(
  where: string,
  metrics: MetricsRegistry,
  isReady: () => boolean,
): Promise<StatusServer> {
  const cut = where.lastIndexOf(":");
  const server = createServer(({ url, headers }, response) => {
    const text = (status: number, body: string) =>
      response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(body);
    if (url === "/metrics")
      void scrape(metrics, headers.accept).then(({ contentType, body }) =>
        response.writeHead(200, { "content-type": contentType }).end(body),
      );
    else if (url === "/healthz" && isReady()) text(200, "ok");
    else if (url === "/healthz") text(503, "not everything is known yet");
    else text(404, "not found\n");
  });
  const bound = once(server, "listening");
  server.listen({ host: where.slice(0, cut).replace(/^\[|\]$/g, ""), port: Number(where.slice(cut + 1)) });
  await bound;
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}
