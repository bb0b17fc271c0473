/** Paths that name no resource: discovery, health, version, OpenAPI, metrics. */
import {
  apiGroup,
  apiGroupDiscoveryList,
  apiGroupList,
  apiResourceList,
  apiVersions,
  type GroupResources,
  groupResources,
} from "@kubets/api/discovery";
import { pathNotFound } from "@kubets/machinery";
import type { User } from "../authn/authenticator.ts";
import type { CoreExchange } from "../front/core-exchange.ts";
import type { RequestInfo } from "../request-info.ts";
import type { ServedResources } from "../served-resource.ts";
import type { Server } from "../server-context.ts";
import { serveDocument } from "./documents.ts";
import { serveHealth } from "./health.ts";
import { serveOpenApi } from "./openapi.ts";
import { respondJson } from "./respond-json.ts";
import { versionInfo } from "./version.ts";

export function serveNonResource(
  server: Server,
  exchange: CoreExchange,
  info: RequestInfo,
  _user: User,
): void | Promise<void> {
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
      return serveOpenApi(server, exchange, info);
    case "openid":
    case ".well-known":
      return serveDocument(server, exchange, info);
    default:
      throw pathNotFound();
  }
}

function serveDiscovery(
  server: Server,
  exchange: CoreExchange,
  root: string,
  second: string,
  third: string,
  more: boolean,
): void {
  if (more) throw pathNotFound();
  const groups = groupsOf(server);
  const accept = exchange.header("accept") ?? "";
  if (second === "" && wantsAggregated(accept))
    return respondJson(
      exchange,
      apiGroupDiscoveryList(groups.filter(({ group }) => (group === "") === (root === "api"))),
      AGGREGATED,
    );
  if (second === "")
    return respondJson(exchange, root === "api" ? apiVersions(server.options.addresses) : apiGroupList(groups));
  const group = groups.find((g) => g.group === (root === "api" ? "" : second));
  if (!group) throw pathNotFound();
  if (root === "apis" && third === "") return respondJson(exchange, apiGroup(group));
  const version = group.versions.find((v) => v.version === (root === "api" ? second : third));
  if (!version || (root === "api" && third !== "")) throw pathNotFound();
  respondJson(exchange, apiResourceList(group.group, version));
}

/** Derived from the definitions anew only when they changed. */
function groupsOf({ served }: Server): GroupResources[] {
  const known = groupsByServed.get(served);
  if (known?.generation === served.generation) return known.groups;
  const groups = groupResources(served.definitions());
  groupsByServed.set(served, { generation: served.generation, groups });
  return groups;
}
const groupsByServed = new WeakMap<ServedResources, { generation: number; groups: GroupResources[] }>();

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const wantsAggregated = (accept: string) =>
  accept.replaceAll(" ", "").includes("g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");

function rootPaths(server: Server): string[] {
  const paths = new Set([
    "/.well-known/openid-configuration",
    "/api",
    "/api/v1",
    "/apis",
    "/healthz",
    "/healthz/ping",
    "/livez",
    "/metrics",
    "/openapi/v2",
    "/openapi/v3",
    "/openid/v1/jwks",
    "/readyz",
    "/version",
  ]);
  for (const { group, version } of server.served.definitions()) {
    if (!group) continue;
    paths.add(`/apis/${group}`);
    paths.add(`/apis/${group}/${version}`);
  }
  return [...paths].toSorted();
}
