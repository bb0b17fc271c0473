/** Hands a request for what this server does not serve to a peer that does. Each is handed on once: a peer that does not serve it either says so. */
import { serviceUnavailable } from "@kubets/machinery";
import { handOver } from "../aggregation/proxy.ts";
import type { User } from "../authn/authenticator.ts";
import type { CoreExchange } from "../front/core-exchange.ts";
import { onAnswer } from "../front/on-answer.ts";
import type { RequestInfo } from "../request-info.ts";
import { type Peers, REROUTED } from "./peers.ts";

/** Undefined where it is this server's to answer. */
export function handOn(
  peers: Peers,
  exchange: CoreExchange,
  info: RequestInfo,
  user: User,
  free: (() => void) | undefined,
): Promise<void> | undefined {
  if (exchange.header(REROUTED) === "true") return undefined;
  const address = peers.find(info);
  if (address === undefined) return undefined;
  if (address === "nowhere") {
    peers.metrics.nowhere(info);
    throw serviceUnavailable("Error getting ip and port info of the remote server while proxying");
  }
  if (info.verb === "watch" || exchange.socket?.upgrade) free?.();
  onAnswer(exchange, (status) => peers.metrics.answered(status, info));
  const to = { ...address, tls: peers.tls(), agent: peers.agent, headers: { [REROUTED]: "true" } };
  return handOver(exchange, info, user, to, "");
}
