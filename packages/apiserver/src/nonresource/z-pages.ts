/** /statusz and /flagz of this server. */
import { flagz, type Program, statusz, type ZPage } from "@kubets/client/component/z-pages";
import type { CoreExchange } from "../front/core-exchange.ts";
import type { Server } from "../server-context.ts";

const programOf = ({ options, started }: Server): Program => ({
  name: "kube-apiserver",
  startedAt: started,
  flags: options.flags ?? {},
  paths: ["/healthz", "/livez", "/metrics", "/readyz", "/statusz", "/version"],
});

export const serveStatusz = (server: Server, exchange: CoreExchange): void =>
  answer(exchange, statusz(programOf(server), server.clock.now(), exchange.header("accept")));

export const serveFlagz = (server: Server, exchange: CoreExchange): void =>
  answer(exchange, flagz(programOf(server), exchange.header("accept")));

const answer = (exchange: CoreExchange, { contentType, body }: ZPage): void =>
  exchange.respond(200, ["content-type", contentType, "cache-control", "no-cache, private"], Buffer.from(body));
