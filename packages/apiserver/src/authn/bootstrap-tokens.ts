/** Tokens by which a machine joins the cluster (--enable-bootstrap-token-auth): "id.secret", kept in a Secret of kube-system, good for a while. */
import { timingSafeEqual } from "node:crypto";
import { secrets } from "@kubets/api/generated/refs";
import type { Secret } from "@kubets/api/generated/types/core-v1";
import type { Clock } from "@kubets/machinery";
import type { ClusterView } from "../admission/plugin.ts";
import type { Authenticator, User } from "./authenticator.ts";
import { bearerToken } from "./chain.ts";

const FORM = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const TYPE = "bootstrap.kubernetes.io/token";
const GROUP = "system:bootstrappers";
const GROUP_FORM = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

export function bootstrapTokenAuthenticator({ view, clock }: { view: ClusterView; clock: Clock }): Authenticator {
  return {
    name: "bootstrap token",
    authenticate(credentials) {
      const [, id, key] = FORM.exec(bearerToken(credentials) ?? "") ?? [];
      if (!id || !key) return undefined;
      const secret = view.get(secrets, "kube-system", `bootstrap-token-${id}`);
      return secret && isGood(secret, id, key, clock.now()) ? userOf(secret, id) : undefined;
    },
  };
}

function isGood(secret: Secret, id: string, key: string, now: number): boolean {
  if (secret.metadata.deletionTimestamp || secret.type !== TYPE) return false;
  if (valueOf(secret, "token-id") !== id || !sameSecret(valueOf(secret, "token-secret"), key)) return false;
  const expiration = valueOf(secret, "expiration");
  if (expiration && !(Date.parse(expiration) > now)) return false;
  return (
    valueOf(secret, "usage-bootstrap-authentication") === "true" &&
    groupsOf(secret).every((group) => GROUP_FORM.test(group))
  );
}

const userOf = (secret: Secret, id: string): User => ({
  name: `system:bootstrap:${id}`,
  groups: [GROUP, ...groupsOf(secret)],
});

const groupsOf = (secret: Secret): string[] =>
  [
    ...new Set(
      valueOf(secret, "auth-extra-groups")
        .split(",")
        .map((group) => group.trim())
        .filter(Boolean),
    ),
  ].sort();

const valueOf = ({ data }: Secret, key: string): string => Buffer.from(data?.[key] ?? "", "base64").toString();

/** Takes as long for a wrong one as for a right one. */
function sameSecret(held: string, given: string): boolean {
  const [a, b] = [Buffer.from(held), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}
