/**
 * All resources in one document, with a tag by which clients ask whether it is still the one that they have. Made anew only when what is served changed.
 */
import { createHash } from "node:crypto";
import { apiGroupDiscoveryList, type GroupResources } from "@kubets/api/discovery";
import { type RemoteVersion, withRemoteDiscovery } from "../aggregation/merged-discovery.ts";
import type { CoreExchange } from "../front/core-exchange.ts";

const TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

interface Document {
  readonly bytes: Buffer;
  readonly tag: string;
}
/** By the groups, which are other ones after each change: of the core group, and of all others. */
const made = new WeakMap<readonly GroupResources[], Map<boolean, Document>>();

export function serveAggregatedDiscovery(
  exchange: CoreExchange,
  groups: readonly GroupResources[],
  ofCore: boolean,
  remotes: readonly RemoteVersion[],
): void {
  const value = () =>
    withRemoteDiscovery(apiGroupDiscoveryList(groups.filter(({ group }) => (group === "") === ofCore)), remotes);
  if (exchange.direct) return exchange.direct.respond(200, value());
  const { bytes, tag } = remotes.length ? documentOf(value()) : kept(groups, ofCore, value);
  const headers = ["etag", tag, "vary", "Accept", "cache-control", "public"];
  if (exchange.header("if-none-match") === tag) return exchange.respond(304, headers);
  exchange.respond(200, ["content-type", TYPE, ...headers], bytes);
}

function kept(groups: readonly GroupResources[], ofCore: boolean, value: () => object): Document {
  const ofGroups = made.get(groups) ?? new Map<boolean, Document>();
  made.set(groups, ofGroups);
  const document = ofGroups.get(ofCore) ?? documentOf(value());
  ofGroups.set(ofCore, document);
  return document;
}

function documentOf(value: object): Document {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  return { bytes, tag: `"${createHash("sha512").update(bytes).digest("hex").toUpperCase()}"` };
}
