/** Paths that name no resource: discovery, health, version, OpenAPI, metrics. */
import { aggregatedDiscovery, apiGroup, apiGroupList, apiResourceList, apiVersions } from "@kubets/api/discovery";
import { pathNotFound } from "@kubets/machinery";
import type { User } from "../authn/authenticator.ts";
import type { CoreExchange } from "../front/core-exchange.ts";
import type { RequestInfo } from "../request-info.ts";
import type { Server } from "../server-context.ts";
import { serveDocument } from "./documents.ts";
import { serveHealth } from "./health.ts";
import { versionInfo } from "./version.ts";

export function serveNonResource(server: Server, exchange: CoreExchange, info: RequestInfo, _user: User): void | Promise<void> {
  const { path } = info;
  const [, first = "", second = "", third = "", fourth] = path.replace(/\/$/, "").split("/");
  switch (first) {
    case "":
      return respondJson(exchange, { paths: rootPaths(server) });
    case "healthz":
    case "livez":
    case "readyz":
      return serveHealth(server, exchange, info, first);
    case "version":
      return respondJson(exchange, versionInfo);
    case "api":
    case "apis":
      return serveDiscovery(server, exchange, first, second, third, fourth !== undefined);
    case "openapi":
    case "metrics":
    case "logs":
    case ".well-known":
      return serveDocument(server, exchange, info);
    default:
      throw pathNotFound();
  }
}

function serveDiscovery(server: Server, exchange: CoreExchange, root: string, second: string, third: string, more: boolean): void {
  const definitions = server.served.definitions();
  const accept = exchange.header("accept") ?? "";
  if (more) throw pathNotFound();
  if (root === "api") {
    if (second === "") return respondJson(exchange, wantsAggregated(accept) ? aggregatedDiscovery(definitions, "api") : apiVersions(), aggregatedType(accept));
    if (second !== "v1" || third !== "") throw pathNotFound();
    return respondJson(exchange, apiResourceList(definitions, "", "v1"));
  }
  if (second === "") return respondJson(exchange, wantsAggregated(accept) ? aggregatedDiscovery(definitions, "apis") : apiGroupList(definitions), aggregatedType(accept));
  if (third === "") {
    const group = apiGroup(definitions, second);
    if (!group) throw pathNotFound();
    return respondJson(exchange, group);
  }
  if (!server.served.hasGroupVersion(second, third)) throw pathNotFound();
  return respondJson(exchange, apiResourceList(definitions, second, third));
}

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const wantsAggregated = (accept: string) => accept.replaceAll(" ", "").includes("g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
const aggregatedType = (accept: string) => (wantsAggregated(accept) ? AGGREGATED : "application/json");

function rootPaths(server: Server): string[] {
  const paths = new Set(["/.well-known/openid-configuration", "/api", "/api/v1", "/apis", "/healthz", "/healthz/ping", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/openid/v1/jwks", "/readyz", "/version"]);
  for (const { group, version } of server.served.definitions()) {
    if (!group) continue;
    paths.add(`/apis/${group}`);
    paths.add(`/apis/${group}/${version}`);
  }
  return [...paths].toSorted();
}

export function respondJson(exchange: CoreExchange, value: object, contentType = "application/json"): void {
  if (exchange.direct) return exchange.direct.respond(200, value);
  exchange.respond(200, ["content-type", contentType, "cache-control", "no-cache, private"], Buffer.from(`${JSON.stringify(value)}\n`));
}

