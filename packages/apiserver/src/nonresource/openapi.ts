/** /openapi/v3: an index of documents, and one document for each group and version, made when it is first asked for and again when resources change. */
import { createHash } from "node:crypto";
import { openApiDocument } from "@kubets/api/openapi/document";
import type { ResourceDefinition } from "@kubets/api/resource";
import { pathNotFound } from "@kubets/machinery";
import { proxyToRemote } from "../aggregation/proxy.ts";
import type { RemoteService } from "../aggregation/remote-services.ts";
import type { User } from "../authn/authenticator.ts";
import type { CoreExchange } from "../front/core-exchange.ts";
import type { RequestInfo } from "../request-info.ts";
import type { ServedResources } from "../served-resource.ts";
import type { Server } from "../server-context.ts";
import { respondJson } from "./respond-json.ts";
import { versionInfo } from "./version.ts";

export function serveOpenApi(
  { served, aggregation }: Server,
  exchange: CoreExchange,
  info: RequestInfo,
  user: User,
): void | Promise<void> {
  const { path } = info;
  const remotes = aggregation.remotes.all();
  if (path === "/openapi/v3") return respondJson(exchange, index(served, remotes));
  if (!path.startsWith("/openapi/v3/")) throw pathNotFound();
  const name = path.slice("/openapi/v3/".length);
  const remote = remotes.find(({ documents }) => documents?.openApi[name]);
  if (remote) return proxyToRemote(remote, exchange, info, user);
  const definitions = served.definitions().filter((d) => documentName(d) === name);
  if (definitions.length === 0) throw pathNotFound();
  const bytes = documentBytes(served, name, definitions);
  exchange.respond(
    200,
    ["content-type", "application/json", "cache-control", "public, max-age=31536000", "vary", "Accept"],
    bytes,
  );
}

const documentName = ({ group, version }: ResourceDefinition) =>
  group ? `apis/${group}/${version}` : `api/${version}`;

function index(served: ServedResources, remotes: readonly RemoteService[]) {
  const paths: Record<string, { serverRelativeURL: string }> = {};
  for (const [name, definitions] of Map.groupBy(served.definitions(), documentName))
    paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${hashOf(definitions)}` };
  for (const { documents } of remotes) Object.assign(paths, documents?.openApi);
  return { paths };
}

/** Changes when what the document is made of does, without making it. */
function hashOf(definitions: readonly ResourceDefinition[]): string {
  const parts = definitions.map(
    (d) => `${d.resource} ${d.verbs.join(",")} ${Object.keys(d.subresources ?? {}).join(",")} ${d.schema.name}`,
  );
  return createHash("sha256").update(versionInfo.gitVersion).update(parts.join("\n")).digest("hex").toUpperCase();
}

const made = new WeakMap<ServedResources, { generation: number; documents: Map<string, Buffer> }>();

function documentBytes(served: ServedResources, name: string, definitions: readonly ResourceDefinition[]): Buffer {
  let known = made.get(served);
  if (known?.generation !== served.generation)
    made.set(served, (known = { generation: served.generation, documents: new Map() }));
  let bytes = known.documents.get(name);
  if (!bytes)
    known.documents.set(
      name,
      (bytes = Buffer.from(JSON.stringify(openApiDocument(definitions, versionInfo.gitVersion)))),
    );
  return bytes;
}
