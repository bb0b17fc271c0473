/** Documents about the server: how to check its tokens, and what it measures of itself. */
import { jwks } from "@kubets/wire/jwt";
import type { CoreExchange } from "../front/core-exchange.ts";
import type { RequestInfo } from "../request-info.ts";
import type { Server } from "../server-context.ts";
import { respondPageNotFound } from "./page-not-found.ts";
import { respondJson } from "./respond-json.ts";

export function serveDocument({ tokens }: Server, exchange: CoreExchange, { path }: RequestInfo): void {
  if (path === "/.well-known/openid-configuration" && tokens) {
    const [issuer = ""] = tokens.issuer.issuers;
    return respondJson(exchange, {
      issuer,
      jwks_uri: tokens.issuer.jwksUri,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: [...new Set(jwks(tokens.issuer.publicKeys).keys.map((k) => k.alg))],
    });
  }
  if (path === "/openid/v1/jwks" && tokens)
    return respondJson(exchange, jwks(tokens.issuer.publicKeys), "application/jwk-set+json");
  respondPageNotFound(exchange);
}
