/** /healthz, /livez and /readyz, with their checks by name. What is wrong is told to the log, not to whoever asks. */
import type { CoreExchange } from "../front/core-exchange.ts";
import type { RequestInfo } from "../request-info.ts";
import type { Server } from "../server-context.ts";
import { respondPageNotFound } from "./page-not-found.ts";

export interface HealthCheck {
  readonly name: string;
  /** Says what is wrong, or undefined. */
  check(): string | undefined | Promise<string | undefined>;
  /** The endpoints that look at it; all when absent. */
  readonly on?: readonly ("healthz" | "livez" | "readyz")[];
}

/** Those that an endpoint looks at. */
export const checksOf = (health: readonly HealthCheck[], endpoint: string): readonly HealthCheck[] =>
  health.filter(({ on }) => !on || on.some((each) => each === endpoint));

const HEADERS = [
  "content-type",
  "text/plain; charset=utf-8",
  "x-content-type-options",
  "nosniff",
  "cache-control",
  "no-cache, private",
];

export async function serveHealth(
  { health, log, metrics }: Server,
  exchange: CoreExchange,
  { path, query }: RequestInfo,
  endpoint: string,
): Promise<void> {
  if (path.endsWith("/")) return respondPageNotFound(exchange);
  const respond = (status: number, text: string) => exchange.respond(status, HEADERS, Buffer.from(text));
  const checks = checksOf(health, endpoint);
  const wanted = path.split("/").slice(2).join("/");
  if (wanted !== "") {
    const one = checks.find((c) => c.name === wanted);
    if (!one) return respondPageNotFound(exchange);
    const wrong = await one.check();
    metrics.health.checked(one.name, endpoint, wrong === undefined);
    return wrong === undefined ? respond(200, "ok") : respond(500, `internal server error: ${wrong}\n`);
  }
  const excluded = query.getAll("exclude");
  const results = await Promise.all(
    checks.map(async (c) => (excluded.includes(c.name) ? { ...c, excluded: true } : { ...c, wrong: await c.check() })),
  );
  let told = "";
  const failed: string[] = [];
  for (const result of results) {
    if (!("excluded" in result)) metrics.health.checked(result.name, endpoint, result.wrong === undefined);
    if ("excluded" in result) told += `[+]${result.name} excluded: ok\n`;
    else if (result.wrong === undefined) told += `[+]${result.name} ok\n`;
    else {
      failed.push(`${result.name}: ${result.wrong}`);
      told += `[-]${result.name} failed: reason withheld\n`;
    }
  }
  const unknown = excluded.filter((name) => !checks.some((c) => c.name === name));
  if (unknown.length)
    told += `warn: some health checks cannot be excluded: no matches for ${unknown.map((name) => JSON.stringify(name)).join(", ")}\n`;
  if (failed.length) {
    log.warn("a health check failed", { endpoint, failed });
    return respond(500, `${told}${endpoint} check failed\n`);
  }
  respond(200, query.has("verbose") ? `${told}${endpoint} check passed\n` : "ok");
}
