/** Answers a document as JSON, or as it is to callers in the process. */
import type { CoreExchange } from "../front/core-exchange.ts";

export function respondJson(exchange: CoreExchange, value: object, contentType = "application/json"): void {
  if (exchange.direct) return exchange.direct.respond(200, value);
  exchange.respond(
    200,
    ["content-type", contentType, "cache-control", "no-cache, private"],
    Buffer.from(`${JSON.stringify(value)}\n`),
  );
}
