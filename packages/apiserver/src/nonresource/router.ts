/** Paths that name no resource: discovery, health, version, OpenAPI, metrics. */
import {
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  type GroupResources,
  groupResources,
} from "@kubets/api/discovery";
import { methodNotAllowed, pathNotFound } from "@kubets/machinery";
import { withRemoteGroups } from "../aggregation/merged-discovery.ts";
import type { User } from "../authn/authenticator.ts";
import { serveFairnessDebug } from "../fairness/debug.ts";
import type { CoreExchange } from "../front/core-exchange.ts";
import {
  type AnswerForm,
  answerForm,
  mediaOf,
  type Offer,
  offerOf,
  parseAccept,
  unknownForm,
  unknownMedia,
  wantsPretty,
} from "../media.ts";
import type { RequestInfo } from "../request-info.ts";
import type { ServedResources } from "../served-resource.ts";
import type { Server } from "../server-context.ts";
import { serveAggregatedDiscovery } from "./aggregated-discovery.ts";
import { serveDocument } from "./documents.ts";
import { checksOf, serveHealth } from "./health.ts";
import { serveHealthMetrics, serveMetrics } from "./metrics.ts";
import { serveOpenApi } from "./openapi/serve.ts";
import { respondPageNotFound } from "./page-not-found.ts";
import { PROFILES_PATH, serveProfiles } from "./profiling.ts";
import { respondIn, respondIndented, respondJson } from "./respond-json.ts";
import { versionInfo } from "./version.ts";
import { serveFlagz, serveStatusz } from "./z-pages.ts";

export function serveNonResource(
  server: Server,
  exchange: CoreExchange,
  info: RequestInfo,
  user: User,
): void | Promise<void> {
  const { path } = info;
  const [, first = "", second = "", third = "", fourth] = path.replace(/\/$/, "").split("/");
  switch (first) {
    case "":
      return respondIndented(exchange, { paths: rootPaths(server) });
    case "healthz":
    case "livez":
    case "readyz":
      return serveHealth(server, exchange, info, first);
    case "version":
      return respondIndented(exchange, versionInfo);
    case "api":
    case "apis":
      return serveDiscovery(server, exchange, info, [first, second, third, fourth]);
    case "openapi":
      return serveOpenApi(server, exchange, info, user);
    case "metrics":
      if (second === "") return serveMetrics(server, exchange);
      if (second === "slis" && third === "") return serveHealthMetrics(server, exchange);
      return respondPageNotFound(exchange);
    case "statusz":
    case "flagz":
      if (second !== "") return respondPageNotFound(exchange);
      return first === "statusz" ? serveStatusz(server, exchange) : serveFlagz(server, exchange);
    case "openid":
    case ".well-known":
      return serveDocument(server, exchange, info);
    case "debug":
      if (second === "api_priority_and_fairness") return serveFairnessDebug(server.fairness, exchange, path);
      if (path.startsWith(PROFILES_PATH)) return serveProfiles(server, exchange, info);
      return servePage(server, exchange, info);
    default:
      return servePage(server, exchange, info);
  }
}

function servePage(server: Server, exchange: CoreExchange, { path, query }: RequestInfo): void {
  const page = server.pages.get(path);
  if (page) respondJson(exchange, page(query));
  else respondPageNotFound(exchange);
}

function serveDiscovery(
  server: Server,
  exchange: CoreExchange,
  { query }: RequestInfo,
  [root = "", second = "", third = "", fourth]: readonly (string | undefined)[],
): void {
  if (fourth !== undefined) throw pathNotFound();
  if (exchange.method !== "GET" && exchange.method !== "HEAD") throw methodNotAllowed();
  const groups = groupsOf(server);
  const remotes = root === "apis" ? server.aggregation.remotes.all() : [];
  const [accept, userAgent, pretty] = [exchange.header("accept"), exchange.header("user-agent"), query.get("pretty")];
  const offer = offerOf(server, false);
  const form = discoveryForm(accept, second === "", offer);
  const isAggregated = typeof form === "object";
  if (exchange.method === "HEAD" && !isAggregated && (root === "api" || second !== "")) throw methodNotAllowed();
  if (form === "none") throw root === "api" && second === "" ? unknownMedia(offer) : unknownForm(offer);
  if (form === "unknown") throw unknownForm(offer);
  if (isAggregated) {
    const { peers, metrics, options } = server;
    if (form.ofOne && options.featureEnabled("UnknownVersionInteroperabilityProxy")) metrics.peers.ofOne();
    const ofAll = root === "api" || form.ofOne ? undefined : peers;
    const shown = wantsPretty(form, userAgent, pretty);
    return serveAggregatedDiscovery(exchange, shown, groups, root === "api", remotes, ofAll);
  }
  const respondDocument = (value: object) => respondIn(answerForm(accept, userAgent, pretty, offer), exchange, value);
  if (second === "")
    return respondDocument(
      root === "api" ? apiVersions(server.options.addresses) : withRemoteGroups(apiGroupList(groups), remotes),
    );
  if (third === "" && remotes.some((remote) => remote.group === second)) {
    const merged = withRemoteGroups(apiGroupList(groups), remotes).groups.find(({ name }) => name === second);
    return respondDocument({ kind: "APIGroup", apiVersion: "v1", ...merged });
  }
  const group = groups.find((g) => g.group === (root === "api" ? "" : second));
  if (!group) return respondPageNotFound(exchange);
  if (root === "apis" && third === "") return respondDocument(apiGroup(group));
  const version = group.versions.find((v) => v.version === (root === "api" ? second : third));
  if (!version || (root === "api" && third !== "")) throw pathNotFound();
  respondDocument(apiResourceList(group.group, version));
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

/** Of this server alone, whatever its peers serve. */
type DiscoveryForm = AnswerForm & { readonly ofOne: boolean };

/**
 * Which form of discovery a client wants most: plain documents, the aggregated one in a form, "none" of the media types, or one of them as
 * something "unknown".
 */
function discoveryForm(
  accept: string | undefined,
  isRoot: boolean,
  offer: Offer,
): "plain" | DiscoveryForm | "none" | "unknown" {
  if (accept === undefined || accept === "" || accept === "*/*" || accept === "application/json") return "plain";
  let found: "none" | "unknown" = "none";
  for (const { type, parameters } of parseAccept(accept)) {
    const media = mediaOf(type, offer);
    if (!media) continue;
    if (parameters["as"] === undefined) return "plain";
    const { g: group, v: version, as: kind } = parameters;
    if (isRoot && group === "apidiscovery.k8s.io" && version === "v2" && kind === "APIGroupDiscoveryList")
      return { media, pretty: false, key: media, ofOne: parameters["profile"] === "nopeer" };
    found = "unknown";
  }
  return found;
}

function rootPaths(server: Server): string[] {
  const paths = new Set([
    "/.well-known/openid-configuration",
    "/api",
    "/api/v1",
    "/apis",
    "/flagz",
    "/statusz",
    "/metrics",
    "/metrics/slis",
    "/openapi/v2",
    "/openapi/v3",
    "/openid/v1/jwks",
    "/version",
  ]);
  for (const endpoint of ["healthz", "livez", "readyz"]) {
    paths.add(`/${endpoint}`);
    for (const { name } of checksOf(server.health, endpoint)) paths.add(`/${endpoint}/${name}`);
  }
  for (const { group, version } of server.served.definitions()) {
    if (!group) continue;
    paths.add(`/apis/${group}`);
    paths.add(`/apis/${group}/${version}`);
  }
  for (const { group, version } of server.aggregation.remotes.all()) {
    paths.add(`/apis/${group}`);
    paths.add(`/apis/${group}/${version}`);
  }
  return [...paths].toSorted();
}
