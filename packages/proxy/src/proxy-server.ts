/** The HTTP of a proxy: /healthz for load balancers (port 10256), /livez, /metrics, /proxyMode, /statusz and /flagz (port 10249). */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { ListenOptions } from "node:net";
import { flagz, type Program, statusz, type ZPage } from "@kubets/client/component/z-pages";
import { type Clock, StatusError } from "@kubets/machinery";
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import { createServer } from "@kubets/machinery/node-http";
import { scrape } from "@kubets/wire/metrics-scrape";
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

export function metricsHandler(
  registry: MetricsRegistry,
  mode: string,
  program: Omit<Program, "paths">,
  clock: Clock,
): Handler {
  const known = { ...program, paths: ["/flagz", "/healthz", "/metrics", "/proxyMode", "/statusz"] };
  const pages: Readonly<Record<string, (accept: string | undefined) => ZPage>> = {
    "/statusz": (accept) => statusz(known, clock.now(), accept),
    "/flagz": (accept) => flagz(known, accept),
  };
  return (request, response) => {
    const path = request.url?.split("?")[0];
    if (path === "/proxyMode") end(response, 200, "text/plain; charset=utf-8", mode);
    else if (path === "/healthz") end(response, 200, "text/plain; charset=utf-8", "ok");
    else if (path === "/metrics")
      void scrape(registry, request.headers.accept).then(({ contentType, body }) =>
        end(response, 200, contentType, body),
      );
    else if (path && pages[path]) endPage(response, request.headers.accept, pages[path]);
    else end(response, 404, "text/plain", "404 page not found\n");
  };
}

function endPage(
  response: ServerResponse,
  accept: string | undefined,
  page: (accept: string | undefined) => ZPage,
): void {
  try {
    const { contentType, body } = page(accept);
    end(response, 200, contentType, body);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    end(response, error.code, "text/plain", `${error.message}\n`);
  }
}

function end(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
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
