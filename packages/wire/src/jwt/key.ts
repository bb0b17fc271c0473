/** The keys of tokens: which algorithm a key signs with, its id as Kubernetes makes it, and its public form as a JWK. */
import { createHash, type KeyObject } from "node:crypto";
import { publicOf, spkiOf } from "../x509/key.ts";

type Algorithm = "ES256" | "ES384" | "ES512" | "RS256";

export interface TokenKey {
  readonly key: KeyObject;
  readonly id: string;
  readonly algorithm: Algorithm;
  readonly hash: "sha256" | "sha384" | "sha512";
}

/** A public key as `/openid/v1/jwks` shows it. */
export interface Jwk {
  readonly use: "sig";
  readonly kty: "RSA" | "EC";
  readonly kid: string;
  readonly crv?: string;
  readonly alg: Algorithm;
  readonly n?: string;
  readonly e?: string;
  readonly x?: string;
  readonly y?: string;
}

const EC_ALGORITHMS: Readonly<Record<string, Pick<TokenKey, "algorithm" | "hash">>> = {
  prime256v1: { algorithm: "ES256", hash: "sha256" },
  secp384r1: { algorithm: "ES384", hash: "sha384" },
  secp521r1: { algorithm: "ES512", hash: "sha512" },
};

/** The key id: base64url of the SHA-256 of the public key's DER. */
export const keyId = (key: KeyObject): string => createHash("sha256").update(spkiOf(key)).digest("base64url");

export function tokenKey(key: KeyObject): TokenKey {
  const id = keyId(key);
  if (key.asymmetricKeyType === "rsa") return { key, id, algorithm: "RS256", hash: "sha256" };
  const ec = EC_ALGORITHMS[key.asymmetricKeyDetails?.namedCurve ?? ""];
  if (!ec)
    throw new TypeError(
      `a key of type ${key.asymmetricKeyType} cannot sign tokens: use RSA or an EC key on P-256, P-384 or P-521`,
    );
  return { key, id, ...ec };
}

export function jwks(keys: readonly KeyObject[]): { keys: Jwk[] } {
  return {
    keys: keys.map((key) => {
      const { id, algorithm } = tokenKey(key);
      const { kty, crv, n, e, x, y } = publicOf(key).export({ format: "jwk" });
      const head = { use: "sig", kty: kty as "RSA" | "EC", kid: id, ...(crv && { crv }), alg: algorithm } as const;
      return crv ? { ...head, x, y } : { ...head, n, e };
    }),
  };
}
