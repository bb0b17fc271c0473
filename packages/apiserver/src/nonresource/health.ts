/** /healthz, /livez and /readyz, with their checks by name. */
import type { CoreExchange } from "../front/core-exchange.ts";
import type { RequestInfo } from "../request-info.ts";
import type { Server } from "../server-context.ts";
import { respondPageNotFound } from "./page-not-found.ts";

export interface HealthCheck {
  readonly name: string;
  /** Says what is wrong, or undefined. */
  check(): string | undefined;
  readonly only?: "readyz";
}

export function serveHealth(
  { health }: Server,
  exchange: CoreExchange,
  { path, query }: RequestInfo,
  endpoint: string,
): void {
  if (path.endsWith("/")) return respondPageNotFound(exchange);
  const wanted = path.split("/").slice(2).join("/");
  const checks = health.filter(
    (c) => (c.only === undefined || c.only === endpoint) && (wanted === "" || c.name === wanted),
  );
  if (wanted !== "" && checks.length === 0) return respondPageNotFound(exchange);
  const excluded = new Set(query.getAll("exclude"));
  const results = checks.filter((c) => !excluded.has(c.name)).map((c) => ({ name: c.name, wrong: c.check() }));
  const failed = results.filter((r) => r.wrong !== undefined);
  const lines = results.map((r) => (r.wrong === undefined ? `[+]${r.name} ok` : `[-]${r.name} failed: ${r.wrong}`));
  const headers = [
    "content-type",
    "text/plain; charset=utf-8",
    "x-content-type-options",
    "nosniff",
    "cache-control",
    "no-cache, private",
  ];
  if (failed.length)
    return exchange.respond(500, headers, Buffer.from(`${lines.join("\n")}\n${endpoint} check failed\n`));
  exchange.respond(
    200,
    headers,
    Buffer.from(query.has("verbose") && wanted === "" ? `${lines.join("\n")}\n${endpoint} check passed\n` : "ok"),
  );
}
