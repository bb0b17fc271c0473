/** Bootstrap tokens: Secrets of kube-system by which a new node shows, for a while, that it may join. */
import type { Secret } from "@kubets/api/generated/types/core-v1";

export const TOKEN_NAMESPACE = "kube-system";
export const TOKEN_TYPE = "bootstrap.kubernetes.io/token";

export const tokenSecretName = (id: string): string => `bootstrap-token-${id}`;

export interface BootstrapToken {
  readonly id: string;
  readonly secret: string;
  /** Milliseconds since 1970. */
  readonly expires: number | undefined;
  readonly forSigning: boolean;
}

/** Nothing for a Secret that is no token, or a broken one. */
export function tokenOf({ metadata, type, data }: Secret): BootstrapToken | undefined {
  if (type !== TOKEN_TYPE || metadata.namespace !== TOKEN_NAMESPACE) return undefined;
  const read = (name: string) => Buffer.from(data?.[name] ?? "", "base64").toString();
  const [id, secret, expiration] = [read("token-id"), read("token-secret"), read("expiration")];
  if (!id || !secret || metadata.name !== tokenSecretName(id)) return undefined;
  const expires = expiration ? Date.parse(expiration) : undefined;
  // A time that cannot be read has passed.
  return {
    id,
    secret,
    expires: expires !== undefined && Number.isNaN(expires) ? 0 : expires,
    forSigning: read("usage-bootstrap-signing") === "true",
  };
}

export const isExpired = ({ expires }: BootstrapToken, now: number): boolean => expires !== undefined && expires <= now;
