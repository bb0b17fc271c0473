/** From the claims of a token, whose signature is good, to a user: who the issuer says it is, as the configuration maps it. Pure. */
import type { JsonValue } from "@kubets/machinery/json-value";
import type { Claims } from "@kubets/wire/jwt";
import { CREDENTIAL_ID, type User } from "../authenticator.ts";
import type { Expression } from "./expressions.ts";

export interface MappedClaim {
  readonly claim: string;
  readonly prefix: string;
}

interface Check {
  readonly expression: Expression;
  readonly source: string;
  readonly message: string;
}

export interface IssuerOptions {
  readonly url: string;
  readonly discoveryUrl?: string;
  /** In PEM. */
  readonly ca?: string;
  /** By which of the egress selectors it is reached; directly when absent. */
  readonly egress?: "cluster" | "controlplane";
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  readonly username: MappedClaim | Expression;
  readonly groups?: MappedClaim | Expression;
  readonly uid?: string | Expression;
  readonly extra?: readonly { readonly key: string; readonly value: Expression }[];
  readonly required: readonly { readonly claim: string; readonly value: string }[];
  /** What must hold of the claims, and of the user that comes of them. */
  readonly claimChecks?: readonly Check[];
  readonly userChecks?: readonly Check[];
}

export class ClaimError extends Error {}

/** Throws a ClaimError that says what is wrong. */
export function userOf(claims: Readonly<Claims>, options: IssuerOptions): User {
  const held = [claims.aud ?? []].flat();
  const audiences = options.audiences.filter((audience) => held.includes(audience));
  if (audiences.length === 0)
    throw new ClaimError(
      `oidc: verify token: oidc: expected audience in ${JSON.stringify(options.audiences)} got ${JSON.stringify(held)}`,
    );
  for (const { claim, value } of options.required) {
    const found = claims[claim];
    if (found === undefined) throw new ClaimError(`oidc: required claim ${claim} not present in ID token`);
    if (found !== value)
      throw new ClaimError(`oidc: required claim ${claim} value does not match. Got = ${text(found)}, want = ${value}`);
  }
  mustHold(options.claimChecks, claims, "claim");
  const uid = uidOf(claims, options.uid);
  const extra = extraOf(claims, options.extra);
  const user: User = {
    name: usernameOf(claims, options.username),
    groups: groupsOf(claims, options.groups),
    audiences,
    ...(uid && { uid }),
    ...(Object.keys(extra).length && { extra }),
  };
  const { name: username, groups } = user;
  mustHold(options.userChecks, { username, groups, uid: uid ?? "", extra }, "user");
  return user;
}

const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

function mustHold(checks: readonly Check[] = [], input: object, what: string): void {
  for (const { expression, source, message } of checks)
    if (evaluate(expression, input, `${what} validation`) !== true)
      throw new ClaimError(
        `oidc: error evaluating ${what} validation expression: validation expression '${source}' failed: ${message || source}`,
      );
}

function evaluate(expression: Expression, input: object, what: string): JsonValue {
  try {
    return expression(input);
  } catch (error) {
    throw new ClaimError(`oidc: error evaluating ${what} expression: ${(error as Error).message}`);
  }
}

function usernameOf(claims: Readonly<Claims>, mapped: MappedClaim | Expression): string {
  if (typeof mapped === "function") {
    const name = evaluate(mapped, claims, "username claim");
    if (typeof name !== "string" || name === "")
      throw new ClaimError(
        "oidc: error evaluating username claim expression: username claim expression must return a non-empty string",
      );
    return name;
  }
  const { claim, prefix } = mapped;
  const name = claims[claim];
  if (typeof name !== "string" || name === "")
    throw new ClaimError(`oidc: parse username claims ${JSON.stringify(claim)}: claim not present`);
  // An address that nobody has checked belongs to anybody.
  if (claim === "email" && claims["email_verified"] !== undefined && claims["email_verified"] !== true)
    throw new ClaimError("oidc: email not verified");
  return prefix + name;
}

function groupsOf(claims: Readonly<Claims>, mapped: MappedClaim | Expression | undefined): string[] {
  if (!mapped) return [];
  if (typeof mapped === "function") return textsOf(evaluate(mapped, claims, "group claim"), "groups");
  const { claim, prefix } = mapped;
  return textsOf(claims[claim] as JsonValue | undefined, claim).map((group) => prefix + group);
}

/** A text, or a list of texts; empty ones are none. */
function textsOf(value: JsonValue | undefined, what: string): string[] {
  if (value === undefined || value === null) return [];
  const list: readonly JsonValue[] = Array.isArray(value) ? value : [value];
  if (!list.every((each) => typeof each === "string"))
    throw new ClaimError(`oidc: parse groups claim ${JSON.stringify(what)}: it is no text nor a list of texts`);
  return (list as string[]).filter(Boolean);
}

function uidOf(claims: Readonly<Claims>, mapped: string | Expression | undefined): string | undefined {
  if (mapped === undefined) return undefined;
  const uid = typeof mapped === "string" ? claims[mapped] : evaluate(mapped, claims, "uid claim");
  if (uid !== undefined && typeof uid !== "string") throw new ClaimError("oidc: the uid is no text");
  return uid;
}

function extraOf(claims: Readonly<Claims>, mapped: IssuerOptions["extra"] = []): Record<string, readonly string[]> {
  const extra: Record<string, readonly string[]> = {};
  for (const { key, value } of mapped) {
    const texts = textsOf(evaluate(value, claims, "extra claim"), key);
    if (texts.length) extra[key] = texts;
  }
  if (typeof claims.jti === "string") extra[CREDENTIAL_ID] = [`JTI=${claims.jti}`];
  return extra;
}
