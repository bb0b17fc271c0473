/** Whether a token's signature is by a key of an issuer, with the algorithms that OpenID Connect knows. Those without a key ("none", HMAC) are not here. */
import { constants, createPublicKey, type KeyObject, verify } from "node:crypto";

export interface PublishedKey {
  readonly kty: string;
  readonly kid?: string;
  readonly use?: string;
  readonly alg?: string;
}

export interface VerifyingKey {
  readonly id: string | undefined;
  readonly type: string;
  readonly algorithm: string | undefined;
  readonly key: KeyObject;
}

interface Algorithm {
  readonly type: "rsa" | "ec";
  readonly hash: string;
  readonly options: object;
  readonly curve?: string;
}

const pss = (hash: string): Algorithm => ({
  type: "rsa",
  hash,
  options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
});
const rsa = (hash: string): Algorithm => ({ type: "rsa", hash, options: {} });
const ec = (hash: string, curve: string): Algorithm => ({
  type: "ec",
  hash,
  curve,
  options: { dsaEncoding: "ieee-p1363" },
});

export const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  RS256: rsa("sha256"),
  RS384: rsa("sha384"),
  RS512: rsa("sha512"),
  PS256: pss("sha256"),
  PS384: pss("sha384"),
  PS512: pss("sha512"),
  ES256: ec("sha256", "prime256v1"),
  ES384: ec("sha384", "secp384r1"),
  ES512: ec("sha512", "secp521r1"),
};

/** The keys of a published set that can verify; others are passed over. */
export function readKeys(published: readonly PublishedKey[]): VerifyingKey[] {
  return published.flatMap((jwk) => {
    if (jwk.use !== undefined && jwk.use !== "sig") return [];
    try {
      const key = createPublicKey({ key: { ...jwk }, format: "jwk" });
      return [{ id: jwk.kid, type: key.asymmetricKeyType ?? "", algorithm: jwk.alg, key }];
    } catch {
      return [];
    }
  });
}

export function isSignedBy(one: VerifyingKey, algorithm: string, content: string, signature: Uint8Array): boolean {
  const known = Object.hasOwn(ALGORITHMS, algorithm) ? ALGORITHMS[algorithm] : undefined;
  if (!known || known.type !== one.type || (one.algorithm !== undefined && one.algorithm !== algorithm)) return false;
  if (known.curve && one.key.asymmetricKeyDetails?.namedCurve !== known.curve) return false;
  return verify(known.hash, Buffer.from(content), { key: one.key, ...known.options }, signature);
}
