/**
 * JSON web tokens, signed and verified on node:crypto.
 * Holds: a token is verified only by a key of the algorithm its header names; verified claims are frozen, and cached by
 * the token's text (bounded), so that a client's next request costs one look-up. Times and audiences are the caller's to
 * check, each time, for they depend on when and by whom.
 */
import { type KeyObject, sign, verify } from "node:crypto";
import { publicOf } from "../x509/key.ts";
import type { Claims } from "./claims.ts";
import { type TokenKey, tokenKey } from "./key.ts";

type JwtErrorReason = "malformed" | "algorithm" | "signature" | "expired" | "notYetValid";

export class JwtError extends Error {
  readonly reason: JwtErrorReason;

  constructor(reason: JwtErrorReason, message: string) {
    super(message);
    this.name = "JwtError";
    this.reason = reason;
  }
}

export interface TokenSigner {
  readonly keyId: string;
  sign(claims: Claims): string;
}

export function tokenSigner(privateKey: KeyObject): TokenSigner {
  const { key, id, algorithm, hash } = tokenKey(privateKey);
  const header = base64url(JSON.stringify({ alg: algorithm, kid: id }));
  return {
    keyId: id,
    sign(claims) {
      const content = `${header}.${base64url(JSON.stringify(claims))}`;
      const signature = sign(hash, Buffer.from(content), { key, dsaEncoding: "ieee-p1363" });
      return `${content}.${signature.toString("base64url")}`;
    },
  };
}

export interface TokenVerifier {
  /** The claims of a token that one of the keys signed; throws `JwtError`. */
  verify(token: string): Readonly<Claims>;
}

/** Tokens longer than this are refused unread. */
const LONGEST_TOKEN = 64 * 1024;

export function tokenVerifier(publicKeys: readonly KeyObject[], cacheSize = 4096): TokenVerifier {
  const keys = publicKeys.map((key) => tokenKey(publicOf(key)));
  const verified = new Map<string, Readonly<Claims>>();
  return {
    verify(token) {
      const known = verified.get(token);
      if (known) return known;
      const claims = verifyWith(keys, token);
      if (verified.size >= cacheSize) verified.delete(verified.keys().next().value as string);
      verified.set(token, claims);
      return claims;
    },
  };
}

function verifyWith(keys: readonly TokenKey[], token: string): Readonly<Claims> {
  const { header, claims, content, signature } = split(token);
  const named = keys.filter((key) => key.id === header.kid);
  const fitting = (named.length ? named : keys).filter((key) => key.algorithm === header.alg);
  if (fitting.length === 0)
    throw new JwtError("algorithm", `no key verifies tokens of algorithm ${JSON.stringify(header.alg)}`);
  const valid = fitting.some(({ key, hash }) => verify(hash, content, { key, dsaEncoding: "ieee-p1363" }, signature));
  if (!valid) throw new JwtError("signature", "the token's signature is by none of the keys");
  return Object.freeze(claims);
}

/** What a token says, not verified: to tell by its issuer who must verify it. Throws `JwtError` when it is no token. */
export const unverifiedClaims = (token: string): Claims => split(token).claims;

interface Parts {
  header: { alg?: unknown; kid?: unknown };
  claims: Claims;
  content: Buffer;
  signature: Buffer;
}

function split(token: string): Parts {
  const parts = token.length > LONGEST_TOKEN ? [] : token.split(".");
  const [header = "", claims = "", signature = ""] = parts;
  if (parts.length !== 3 || signature === "")
    throw new JwtError("malformed", "a token has three parts with dots between them");
  return {
    header: parseObject(header),
    claims: parseObject(claims) as unknown as Claims,
    content: Buffer.from(`${header}.${claims}`),
    signature: Buffer.from(signature, "base64url"),
  };
}

function parseObject(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // The error below says it all.
  }
  throw new JwtError("malformed", "a part of the token is no JSON object");
}

/** Throws when the claims do not hold at `nowMs`, with a minute's grace for clocks that differ. */
export function checkTimes(claims: Readonly<Claims>, nowMs: number, leewaySeconds = 60): void {
  const now = nowMs / 1000;
  if (claims.exp !== undefined && now > claims.exp + leewaySeconds)
    throw new JwtError("expired", "the token has expired");
  for (const from of [claims.nbf, claims.iat]) {
    if (from !== undefined && now < from - leewaySeconds)
      throw new JwtError("notYetValid", "the token is not valid yet");
  }
}

const base64url = (text: string) => Buffer.from(text).toString("base64url");
