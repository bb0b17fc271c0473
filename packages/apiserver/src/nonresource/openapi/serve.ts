/** /openapi/v2 and /openapi/v3: which document a client wants, in which form, and whether it has it already. */
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { proxyToRemote } from "../../aggregation/proxy.ts";
import type { RemoteService } from "../../aggregation/remote-services.ts";
import type { User } from "../../authn/authenticator.ts";
import type { CoreExchange } from "../../front/core-exchange.ts";
import { parseAccept } from "../../media.ts";
import type { RequestInfo } from "../../request-info.ts";
import type { ServedResources } from "../../served-resource.ts";
import type { Server } from "../../server-context.ts";
import { respondPageNotFound } from "../page-not-found.ts";
import { OpenApiDocuments, type PackedDocument } from "./documents.ts";

const JSON_TYPE = "application/json";
const PROTOBUF_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const PROTOBUF_V3 = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf";
/** The media types of each version, by what clients say. */
const OFFERED_V2: Readonly<Record<string, string>> = {
  "*/*": JSON_TYPE,
  "application/*": JSON_TYPE,
  [JSON_TYPE]: JSON_TYPE,
  [PROTOBUF_V2]: PROTOBUF_V2,
  "application/com.github.proto-openapi.spec.v2@v1.0+protobuf": PROTOBUF_V2,
};
const OFFERED_V3: Readonly<Record<string, string>> = {
  "*/*": JSON_TYPE,
  "application/*": JSON_TYPE,
  [JSON_TYPE]: JSON_TYPE,
  [PROTOBUF_V3]: PROTOBUF_V3,
  "application/com.github.proto-openapi.spec.v3@v1.0+protobuf": PROTOBUF_V3,
};

const documentsOf = new WeakMap<ServedResources, OpenApiDocuments>();

export function serveOpenApi(
  server: Server,
  exchange: CoreExchange,
  info: RequestInfo,
  user: User,
): void | Promise<void> {
  const { path, query } = info;
  const { served, aggregation } = server;
  const remotes = aggregation.remotes.all();
  let documents = documentsOf.get(served);
  if (!documents) documentsOf.set(served, (documents = new OpenApiDocuments(served)));
  if (path === "/openapi/v2") return serveV2(documents, remotes, exchange);
  if (path === "/openapi/v3") return serveIndex(documents, remotes, exchange);
  if (!path.startsWith("/openapi/v3/")) return respondPageNotFound(exchange);
  const name = path.slice("/openapi/v3/".length);
  const remote = remotes.find((each) => each.documents?.openApi[name]);
  if (remote) return proxyToRemote(server, remote, exchange, info, user);
  return serveV3(documents, exchange, name, query.get("hash"));
}

function serveIndex(documents: OpenApiDocuments, remotes: readonly RemoteService[], exchange: CoreExchange): void {
  const paths: Record<string, { serverRelativeURL: string }> = {};
  for (const [name, { hash }] of documents.groups()) paths[name] = { serverRelativeURL: url(name, hash) };
  for (const remote of remotes) Object.assign(paths, remote.documents?.openApi);
  exchange.respond(
    200,
    ["content-type", JSON_TYPE, "cache-control", "no-cache, private"],
    Buffer.from(JSON.stringify({ paths })),
  );
}

const url = (name: string, hash: string) => `/openapi/v3/${name}?hash=${hash}`;

async function serveV3(
  documents: OpenApiDocuments,
  exchange: CoreExchange,
  name: string,
  hash: string | null,
): Promise<void> {
  const group = documents.groups().get(name);
  if (!group) return exchange.respond(404, ["cache-control", "no-cache, private"]);
  const type = wanted(exchange, OFFERED_V3);
  if (!type) return notAcceptable(exchange);
  if (hash && hash !== group.hash)
    return exchange.respond(301, [
      "location",
      url(name, group.hash),
      "vary",
      "Accept",
      "cache-control",
      "no-cache, private",
    ]);
  const document = await documents.v3(type === JSON_TYPE ? "v3 json" : "v3 protobuf", name);
  if (document) await respond(exchange, document, type, hash !== null);
}

async function serveV2(
  documents: OpenApiDocuments,
  remotes: readonly RemoteService[],
  exchange: CoreExchange,
): Promise<void> {
  const type = wanted(exchange, OFFERED_V2);
  if (!type) return notAcceptable(exchange);
  const others = remotes.flatMap((remote) => remote.documents?.openApiV2 ?? []);
  await respond(exchange, await documents.v2(type === JSON_TYPE ? "v2 json" : "v2 protobuf", others), type, false);
}

function wanted(exchange: CoreExchange, offered: Readonly<Record<string, string>>): string | undefined {
  for (const { type } of parseAccept(exchange.header("accept") || "*/*")) if (offered[type]) return offered[type];
  return undefined;
}

const notAcceptable = (exchange: CoreExchange) =>
  exchange.respond(406, ["vary", "Accept", "cache-control", "no-cache, private"]);

async function respond(
  exchange: CoreExchange,
  { gzipped, hash }: PackedDocument,
  type: string,
  isForEver: boolean,
): Promise<void> {
  const headers = ["etag", `"${hash}"`, "vary", "Accept", "cache-control"];
  if (isForEver) headers.push("public, immutable", "expires", new Date(Date.now() + YEAR_MS).toUTCString());
  else headers.push("no-cache, private");
  if (knows(exchange.header("if-none-match"), hash)) return exchange.respond(304, headers);
  headers.push("content-type", type);
  const takesGzip = exchange.header("accept-encoding")?.includes("gzip");
  if (takesGzip) headers.push("content-encoding", "gzip");
  exchange.respond(200, headers, takesGzip ? gzipped : await promisify(gunzip)(gzipped));
}
const YEAR_MS = 365 * 24 * 3600 * 1000;

const knows = (tags: string | undefined, hash: string): boolean =>
  tags?.split(",").some((tag) => tag.trim().replace(/^W\//, "") === `"${hash}"` || tag.trim() === "*") ?? false;
