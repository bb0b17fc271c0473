/** The answer of a path that no part of the server knows: a line of text, not a Status. */
import type { CoreExchange } from "../front/core-exchange.ts";

const HEADERS = [
  "content-type",
  "text/plain; charset=utf-8",
  "x-content-type-options",
  "nosniff",
  "cache-control",
  "no-cache, private",
];

export const respondPageNotFound = (exchange: CoreExchange): void =>
  exchange.respond(404, HEADERS, Buffer.from("404 page not found\n"));
