/**
 * Bearer tokens that issuers outside sign (OpenID Connect). A token is checked by the issuer that it names, if it is one of ours; what was found good
 * is remembered for a short while.
 */
import { type Clock, unauthorized } from "@kubets/machinery";
import { LruCache } from "@kubets/machinery/lru";
import { type Claims, checkTimes, JwtError } from "@kubets/wire/jwt";
import type { Egress } from "../../egress/egress.ts";
import type { Authenticator, User } from "../authenticator.ts";
import { bearerToken } from "../chain.ts";
import type { AuthenticationMetrics } from "../metrics.ts";
import { ClaimError, type IssuerOptions, userOf } from "./issuer.ts";
import { KeySet } from "./key-set.ts";
import { isSignedBy, type VerifyingKey } from "./signature.ts";

const REMEMBERED_MS = 10_000;
const REMEMBERED = 4096;
const LONGEST_TOKEN = 64 * 1024;

interface Token {
  readonly header: { readonly alg?: unknown; readonly kid?: unknown };
  readonly claims: Claims;
  readonly content: string;
  readonly signature: Buffer;
}

interface Issuer {
  readonly options: IssuerOptions;
  readonly keys: KeySet;
}

export function jwtAuthenticator(
  issuers: readonly IssuerOptions[],
  clock: Clock,
  metrics?: AuthenticationMetrics,
  egress: Egress = {},
): Authenticator {
  const byUrl = new Map<string, Issuer>();
  for (const options of issuers) {
    const { url: issuer, discoveryUrl, ca } = options;
    const dialer = options.egress && egress[options.egress];
    const told = (published: string | undefined) => metrics?.keysFetched(issuer, published, clock.now());
    const keys = new KeySet({ issuer, clock, told, dialer, ...(discoveryUrl && { discoveryUrl }), ...(ca && { ca }) });
    byUrl.set(issuer, { options, keys });
  }
  const remembered = new LruCache<string, { user: User; claims: Claims; until: number }>(REMEMBERED);
  return {
    name: "jwt",
    authenticate(credentials) {
      const text = bearerToken(credentials);
      if (text === undefined || text.length > LONGEST_TOKEN) return undefined;
      const known = remembered.get(text);
      if (known && known.until > clock.monotonic()) return checked(known.user, known.claims, clock);
      const token = parse(text);
      const issuer = token && byUrl.get(token.claims.iss ?? "");
      if (!token || !issuer) return undefined;
      const began = performance.now();
      const told = (isGood: boolean) => metrics?.jwt(issuer.options.url, isGood, (performance.now() - began) / 1000);
      return verified(issuer, token)
        .then((user) => {
          const result = checked(user, token.claims, clock);
          remembered.set(text, { user, claims: token.claims, until: clock.monotonic() + REMEMBERED_MS });
          told(true);
          return result;
        })
        .catch((error: unknown) => {
          told(false);
          throw error;
        });
    },
  };
}

async function verified({ options, keys }: Issuer, token: Token): Promise<User> {
  const { alg, kid } = token.header;
  if (typeof alg !== "string" || !options.algorithms.includes(alg))
    throw refused(
      `oidc: verify token: oidc: id token signed with unsupported algorithm, expected ${JSON.stringify(options.algorithms)} got ${JSON.stringify(alg)}`,
    );
  const isGood = (candidates: readonly VerifyingKey[]) =>
    candidates.some((key) => isSignedBy(key, alg, token.content, token.signature));
  const candidates = () => keys.candidates(typeof kid === "string" ? kid : undefined);
  if (!isGood(candidates())) {
    await keys.refresh()?.catch((error: unknown) => {
      throw refused(`oidc: verify token: fetching keys ${(error as Error).message}`);
    });
    if (!isGood(candidates()))
      throw refused("oidc: verify token: failed to verify signature: failed to verify id token signature");
  }
  try {
    return userOf(token.claims, options);
  } catch (error) {
    throw error instanceof ClaimError ? refused(error.message) : error;
  }
}

/** Times are looked at each time: a token ends while it is remembered. */
function checked(user: User, claims: Claims, clock: Clock): User {
  if (typeof claims.exp !== "number") throw refused("oidc: verify token: oidc: token has no end");
  try {
    checkTimes(claims, clock.now(), 0);
    return user;
  } catch (error) {
    throw error instanceof JwtError ? refused(`oidc: verify token: oidc: ${error.message}`) : error;
  }
}

/** What is wrong is for who reviews the token; the bearer is told no more than that it is. */
const refused = (cause: string): Error => Object.assign(unauthorized(), { cause });

function parse(text: string): Token | undefined {
  const parts = text.split(".");
  if (parts.length !== 3) return undefined;
  const [header = "", claims = "", signature = ""] = parts;
  try {
    return {
      header: objectOf(header),
      claims: objectOf(claims),
      content: `${header}.${claims}`,
      signature: Buffer.from(signature, "base64url"),
    };
  } catch {
    return undefined;
  }
}

function objectOf(part: string): Record<string, unknown> {
  const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError("no object");
  return value as Record<string, unknown>;
}
