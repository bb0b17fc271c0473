/** Answers a document as JSON, or as it is to callers in the process. */
import type { ReadonlyJson } from "@kubets/machinery/json-value";
import { toYaml } from "@kubets/machinery/yaml";
import type { CoreExchange } from "../front/core-exchange.ts";
import { answerForm } from "../media.ts";

export function respondJson(exchange: CoreExchange, value: object, contentType = "application/json"): void {
  respond(exchange, value, () => `${JSON.stringify(value)}\n`, contentType);
}

/** The same over several lines, for people: the version, and the paths that there are. */
export function respondIndented(exchange: CoreExchange, value: object): void {
  respond(exchange, value, () => JSON.stringify(value, undefined, 2));
}

function respond(
  exchange: CoreExchange,
  value: object,
  textOf: () => string,
  contentType: string = "application/json",
): void {
  if (exchange.direct) return exchange.direct.respond(200, value);
  exchange.respond(200, ["content-type", contentType, "cache-control", "no-cache, private"], Buffer.from(textOf()));
}

const JSON_OR_YAML = { isCustom: false, cbor: false };

/** The same, or as YAML for who wants that most. */
export function respondDocument(exchange: CoreExchange, value: object): void {
  if (exchange.direct || answerForm(exchange.header("accept"), undefined, null, JSON_OR_YAML).media !== "yaml")
    return respondJson(exchange, value);
  const headers = ["content-type", "application/yaml", "cache-control", "no-cache, private"];
  exchange.respond(200, headers, Buffer.from(toYaml(value as ReadonlyJson)));
}
