/** A line for each request, when it is answered, in the fields of the original's: with the id by which audit and clients know it. */
import type { Logger } from "@kubets/machinery";
import type { CoreExchange } from "./front/core-exchange.ts";
import { onAnswer } from "./front/on-answer.ts";
import type { RequestInfo } from "./request-info.ts";

/** From this verbosity on. */
export const REQUESTS_LOGGED_FROM = 3;

export function logRequest(log: Logger, exchange: CoreExchange, info: RequestInfo, id: string): void {
  const began = performance.now();
  onAnswer(exchange, (status) => {
    log.info("HTTP", {
      verb: info.verb,
      URI: exchange.url,
      latency: `${(performance.now() - began).toFixed(3)}ms`,
      userAgent: exchange.header("user-agent") ?? "",
      "audit-ID": id,
      srcIP: exchange.direct ? "in process" : exchange.peer.address,
      resp: status,
    });
  });
}
