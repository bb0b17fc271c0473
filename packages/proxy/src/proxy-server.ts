/** The HTTP of a proxy: /healthz for load balancers (port 10256), /livez, /metrics and /proxyMode (port 10249). */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { ListenOptions } from "node:net";
import type { Clock } from "@kubets/machinery";
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import { createServer } from "@kubets/machinery/node-http";
import type { RunningProxy } from "./run-proxy.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export function healthzHandler(proxy: Pick<RunningProxy, "health">, clock: Clock): Handler {
  return (request, response) => {
    const path = request.url?.split("?")[0];
    if (path !== "/healthz" && path !== "/livez") return end(response, 404, "text/plain", "404 page not found\n");
    const { stale, lastUpdated, nodeEligible } = proxy.health;
    const isWell = !stale && (path === "/livez" || nodeEligible);
    const text = (time: number) => new Date(time).toISOString();
    const body = { lastUpdated: text(stale ? lastUpdated : clock.now()), currentTime: text(clock.now()), nodeEligible };
    response.setHeader("X-Content-Type-Options", "nosniff");
    end(response, isWell ? 200 : 503, "application/json", JSON.stringify(body));
  };
}

export function metricsHandler(registry: MetricsRegistry, mode: string): Handler {
  return (request, response) => {
    const path = request.url?.split("?")[0];
    if (path === "/proxyMode") end(response, 200, "text/plain; charset=utf-8", mode);
    else if (path === "/healthz") end(response, 200, "text/plain; charset=utf-8", "ok");
    else if (path === "/metrics") end(response, 200, "text/plain; version=0.0.4", [...registry.expose()].join(""));
    else end(response, 404, "text/plain", "404 page not found\n");
  };
}

function end(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type });
  response.end(body);
}

/** Listens at an address, or on a socket that is open already (`{ fd }`). */
export function serve(handler: Handler, where: ListenOptions & { readonly fd?: number }): Promise<Server> {
  const server = createServer(handler);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => resolve(server));
  });
}
