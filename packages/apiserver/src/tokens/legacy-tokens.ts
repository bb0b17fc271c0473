/** Tokens of the old kind: without an end, kept in a Secret of their account. They go when the Secret goes, or no longer holds them. */
import { timingSafeEqual } from "node:crypto";
import { secrets, serviceaccounts } from "@kubets/api/generated/refs";
import { JwtError, type LegacyServiceAccountClaims } from "@kubets/wire/jwt";
import type { ClusterView } from "../admission/plugin.ts";
import type { User } from "../authn/authenticator.ts";

export const LEGACY_ISSUER = "kubernetes/serviceaccount";
/** Put on tokens that nobody used for a long time. */
const INVALID_SINCE = "kubernetes.io/legacy-token-invalid-since";
const PREFIX = "kubernetes.io/serviceaccount/";

/** The user of a token whose signature is good; throws a JwtError when it is good no more. */
export function legacyUser(claims: LegacyServiceAccountClaims, token: string, view: ClusterView): User {
  const namespace = claims[`${PREFIX}namespace`];
  const name = claims[`${PREFIX}service-account.name`];
  const uid = claims[`${PREFIX}service-account.uid`];
  const account = view.get(serviceaccounts, namespace, name);
  const secret = view.get(secrets, namespace, claims[`${PREFIX}secret.name`]);
  if (secret?.metadata.labels?.[INVALID_SINCE])
    throw new JwtError(
      "malformed",
      "the token in secret has been marked as invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the 'kubernetes.io/legacy-token-invalid-since' label from the secret to temporarily allow use of this token",
    );
  const held = Buffer.from(secret?.data?.["token"] ?? "", "base64");
  const given = Buffer.from(token);
  const isHeld = held.length === given.length && timingSafeEqual(held, given);
  if (!secret || secret.metadata.deletionTimestamp || !isHeld || account?.metadata.uid !== uid)
    throw new JwtError("malformed", "service account token has been invalidated");
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    uid,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`],
  };
}
