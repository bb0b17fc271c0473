/**
 * Hands a request to the server behind its APIService: with the server's own certificate and the user in headers, streams and upgrades included. What goes
 * wrong on the way is told as the original tells it, in a line of text.
 */
import { StatusError } from "@kubets/machinery";
import type { User } from "../authn/authenticator.ts";
import type { CoreExchange } from "../front/core-exchange.ts";
import type { RequestInfo } from "../request-info.ts";
import type { Server } from "../server-context.ts";
import { passThrough, type Target } from "../subresources/pass-through.ts";
import { networkErrorText } from "../webhooks/network-error.ts";
import { passDirect } from "./direct.ts";
import type { RemoteService } from "./remote-services.ts";
import { isUserHeader, userHeaders } from "./user-headers.ts";

export async function proxyToRemote(
  server: Server,
  remote: RemoteService,
  exchange: CoreExchange,
  info: RequestInfo,
  user: User,
): Promise<void> {
  const away = () => {
    server.metrics.requests.terminated(exchange, info, server, "aggregator", UNAVAILABLE);
    tell(exchange, "service unavailable");
  };
  if (!remote.isAvailable) return away();
  let address: ReturnType<RemoteService["address"]>;
  try {
    address = remote.address();
  } catch {
    return away();
  }
  const to = { ...address, tls: remote.tls(), agent: remote.agent, dialer: remote.dialer };
  return handOver(exchange, info, user, to, "error trying to reach service: ");
}

/** To a server that believes this one about who asks. */
export async function handOver(
  exchange: CoreExchange,
  info: RequestInfo,
  user: User,
  to: Pick<Target, "host" | "port" | "tls" | "headers" | "agent" | "dialer">,
  unreachable: string,
): Promise<void> {
  const target = {
    ...to,
    path: exchange.url,
    headers: { ...userHeaders(user), ...forwarded(exchange), ...to.headers },
    isDropped: isUserHeader,
  };
  try {
    await (exchange.direct ? passDirect(exchange, target, info) : passThrough(exchange, target));
  } catch (error) {
    const cause = error instanceof StatusError && error.code === 502 ? error.cause : undefined;
    if (cause === undefined) throw error;
    tell(exchange, `${unreachable}${networkErrorText(cause)}`);
  }
}

function forwarded({ socket }: CoreExchange): Record<string, string> {
  const before = socket?.header("x-forwarded-for");
  const address = socket?.peer.address;
  return {
    "x-forwarded-proto": "https",
    ...(address && { "x-forwarded-for": before ? `${before}, ${address}` : address }),
  };
}

const UNAVAILABLE = 503;
const TEXT = ["content-type", "text/plain; charset=utf-8", "x-content-type-options", "nosniff"];

function tell(exchange: CoreExchange, text: string): void {
  if (exchange.direct) throw new StatusError({ code: UNAVAILABLE, reason: "ServiceUnavailable", message: text });
  exchange.respond(UNAVAILABLE, TEXT, Buffer.from(`${text}\n`));
}
