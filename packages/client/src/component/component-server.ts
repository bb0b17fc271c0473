/**
 * What every component serves: /healthz, /livez and /readyz with their single checks, /metrics, /configz, /statusz, /flagz, and what is its own.
 * Holds: nothing is answered to who may not ask (see request-access.ts); a check says in one sentence what is wrong, or nothing.
 */
import { type Clock, type Logger, StatusError } from "@kubets/machinery";
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import { type Exchange, type Listener, type ListenOptions, listen } from "@kubets/wire/http";
import { scrape } from "@kubets/wire/metrics-scrape";
import type { RequestAccess } from "./request-access.ts";
import { flagz, type Program, statusz, type ZPage } from "./z-pages.ts";

export interface Check {
  readonly name: string;
  problem(): string | undefined;
}

export interface ComponentServerOptions {
  readonly listen: Omit<ListenOptions, "handler">;
  readonly access: RequestAccess;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  /** For /statusz and /flagz. */
  readonly program: Omit<Program, "paths">;
  readonly clock: Clock;
  /** Alive: shown by /healthz and /livez. */
  readonly live?: readonly Check[];
  /** Ready: shown by /readyz beside those above. */
  readonly ready?: readonly Check[];
  /** Metrics by path beside /metrics, gathered when they are asked for. */
  readonly moreMetrics?: Readonly<Record<string, () => Promise<MetricsRegistry>>>;
  /** The configuration in force, for /configz. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** JSON by path, from what is asked for. */
  readonly more?: Readonly<Record<string, (query: URLSearchParams) => unknown>>;
}

const PATHS = ["/configz", "/flagz", "/healthz", "/livez", "/metrics", "/readyz", "/statusz"];
const PING: Check = { name: "ping", problem: () => undefined };
const TEXT = "text/plain; charset=utf-8";

export function serveComponent(options: ComponentServerOptions): Promise<Listener> {
  const { access, log } = options;
  const handle = async (exchange: Exchange): Promise<void> => {
    const verdict = await access.check(exchange);
    if (verdict.allowed) await answer(exchange, options);
    else respond(exchange, verdict.status, `${verdict.message}\n`);
  };
  return listen({
    ...options.listen,
    handler: (exchange) =>
      void handle(exchange).catch((error: unknown) => {
        log.warn("a request could not be answered", { url: exchange.url, error });
        respond(exchange, 500, "Internal Server Error\n");
      }),
  });
}

async function answer(
  exchange: Exchange,
  { live = [], ready = [], metrics, moreMetrics, config = {}, more, program, clock }: ComponentServerOptions,
): Promise<void> {
  const { pathname, searchParams } = new URL(exchange.url, "https://component");
  const [, root = "", check] = pathname.split("/");
  const own = more?.[pathname];
  const registry = pathname === "/metrics" ? metrics : await moreMetrics?.[pathname]?.();
  if (registry) {
    const { contentType, body } = await scrape(registry, exchange.header("accept"));
    respond(exchange, 200, body, contentType);
  } else if (own) respondJson(exchange, own(searchParams));
  else if (root === "healthz" || root === "livez") answerHealth(exchange, root, [PING, ...live], check, searchParams);
  else if (root === "readyz") answerHealth(exchange, root, [PING, ...live, ...ready], check, searchParams);
  else if (pathname === "/configz") respondJson(exchange, config);
  else if (pathname === "/statusz")
    respondPage(exchange, (accept) => statusz({ ...program, paths: PATHS }, clock.now(), accept));
  else if (pathname === "/flagz") respondPage(exchange, (accept) => flagz({ ...program, paths: PATHS }, accept));
  else respond(exchange, 404, "404 page not found\n");
}

function answerHealth(
  exchange: Exchange,
  endpoint: string,
  all: readonly Check[],
  only: string | undefined,
  query: URLSearchParams,
): void {
  const excluded = new Set(query.getAll("exclude"));
  const checks =
    only === undefined ? all.filter(({ name }) => !excluded.has(name)) : all.filter((c) => c.name === only);
  if (only !== undefined && checks.length === 0) {
    respond(exchange, 404, "404 page not found\n");
    return;
  }
  const failed = checks.filter((check) => check.problem() !== undefined);
  const lines = checks.map((check) =>
    failed.includes(check) ? `[-]${check.name} failed: ${check.problem() ?? ""}\n` : `[+]${check.name} ok\n`,
  );
  if (failed.length) respond(exchange, 500, `${lines.join("")}${endpoint} check failed\n`);
  else if (only === undefined && query.has("verbose"))
    respond(exchange, 200, `${lines.join("")}${endpoint} check passed\n`);
  else respond(exchange, 200, "ok");
}

function respondPage(exchange: Exchange, page: (accept: string | undefined) => ZPage): void {
  try {
    const { body, contentType } = page(exchange.header("accept"));
    respond(exchange, 200, body, contentType);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    respond(exchange, error.code, `${error.message}\n`);
  }
}

const respondJson = (exchange: Exchange, value: unknown) =>
  respond(exchange, 200, `${JSON.stringify(value)}\n`, "application/json");

const respond = (exchange: Exchange, status: number, body: string | Buffer, type = TEXT) =>
  exchange.respond(
    status,
    ["content-type", type, "x-content-type-options", "nosniff", "cache-control", "no-cache, no-store, must-revalidate"],
    Buffer.from(body),
  );
