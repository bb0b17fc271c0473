/** From the claims of a token, whose signature is good, to a user: who the issuer says it is, as the configuration maps it. Pure. */
import type { Claims } from "@kubets/wire/jwt";
import type { User } from "../authenticator.ts";

export interface MappedClaim {
  readonly claim: string;
  readonly prefix: string;
}

export interface IssuerOptions {
  readonly url: string;
  readonly discoveryUrl?: string;
  /** In PEM. */
  readonly ca?: string;
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  readonly username: MappedClaim;
  readonly groups?: MappedClaim;
  readonly uid?: string;
  readonly required: readonly { readonly claim: string; readonly value: string }[];
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
      throw new ClaimError(
        `oidc: required claim ${claim} value does not match. Got = ${String(found)}, want = ${value}`,
      );
  }
  const groups = groupsOf(claims, options.groups);
  const uid = options.uid === undefined ? undefined : claims[options.uid];
  if (uid !== undefined && typeof uid !== "string") throw new ClaimError(`oidc: claim ${options.uid} is no text`);
  const id = typeof claims.jti === "string" ? [`JTI=${claims.jti}`] : undefined;
  return {
    name: usernameOf(claims, options.username),
    groups,
    audiences,
    ...(uid && { uid }),
    ...(id && { extra: { "authentication.kubernetes.io/credential-id": id } }),
  };
}

function usernameOf(claims: Readonly<Claims>, { claim, prefix }: MappedClaim): string {
  const name = claims[claim];
  if (typeof name !== "string" || name === "")
    throw new ClaimError(`oidc: parse username claims ${JSON.stringify(claim)}: claim not present`);
  // An address that nobody has checked belongs to anybody.
  if (claim === "email" && claims["email_verified"] !== undefined && claims["email_verified"] !== true)
    throw new ClaimError("oidc: email not verified");
  return prefix + name;
}

function groupsOf(claims: Readonly<Claims>, mapped: MappedClaim | undefined): string[] {
  const value = mapped && claims[mapped.claim];
  if (!mapped || value === undefined || value === null) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!list.every((each) => typeof each === "string"))
    throw new ClaimError(`oidc: parse groups claim ${JSON.stringify(mapped.claim)}: it is no text nor a list of texts`);
  return list.map((group) => mapped.prefix + (group as string));
}
