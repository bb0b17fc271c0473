/** Answers a document as JSON, or as it is to callers in the process; discovery in each media type. */
import { encodeKnown } from "@kubets/api/codec/protobuf";
import type { CoreExchange } from "../front/core-exchange.ts";
import { type AnswerForm, CONTENT_TYPE } from "../media.ts";
import { bytesOf } from "../respond.ts";

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

/** The same in the form that the client wants. */
export function respondIn(form: AnswerForm, exchange: CoreExchange, value: object): void {
  if (exchange.direct) return exchange.direct.respond(200, value);
  const headers = ["content-type", CONTENT_TYPE[form.media], "cache-control", "no-cache, private"];
  exchange.respond(200, headers, bytesIn(form, value));
}

export const bytesIn = (form: AnswerForm, value: object): Buffer =>
  (form.media === "protobuf" && encodeKnown(value)) || bytesOf(form, value);
