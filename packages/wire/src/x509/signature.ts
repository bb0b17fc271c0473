/** The signature algorithms of certificates: which one a key uses, and how to check one by its identifier. */
import { type KeyObject, sign, verify } from "node:crypto";
import { childrenOf, DerError, type DerValue, nothing, oid, readOid, sequence } from "./der.ts";

interface Algorithm {
  readonly oid: string;
  readonly hash: string | null;
  readonly keyType: "ec" | "rsa" | "ed25519";
}

const ECDSA_256: Algorithm = { oid: "1.2.840.10045.4.3.2", hash: "sha256", keyType: "ec" };
const ECDSA_384: Algorithm = { oid: "1.2.840.10045.4.3.3", hash: "sha384", keyType: "ec" };
const ECDSA_512: Algorithm = { oid: "1.2.840.10045.4.3.4", hash: "sha512", keyType: "ec" };
const RSA_256: Algorithm = { oid: "1.2.840.113549.1.1.11", hash: "sha256", keyType: "rsa" };
const RSA_384: Algorithm = { oid: "1.2.840.113549.1.1.12", hash: "sha384", keyType: "rsa" };
const RSA_512: Algorithm = { oid: "1.2.840.113549.1.1.13", hash: "sha512", keyType: "rsa" };
const ED25519: Algorithm = { oid: "1.3.101.112", hash: null, keyType: "ed25519" };
const ALGORITHMS = [ECDSA_256, ECDSA_384, ECDSA_512, RSA_256, RSA_384, RSA_512, ED25519];

interface Signer {
  /** The encoded AlgorithmIdentifier. */
  readonly algorithm: Buffer;
  sign(content: Uint8Array): Buffer;
}

export function signerOf(key: KeyObject): Signer {
  const algorithm = algorithmOf(key);
  return {
    algorithm: algorithm.keyType === "rsa" ? sequence(oid(algorithm.oid), nothing()) : sequence(oid(algorithm.oid)),
    sign: (content) => sign(algorithm.hash, content, key),
  };
}

function algorithmOf(key: KeyObject): Algorithm {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === "ec")
    return curve === "secp384r1" ? ECDSA_384 : curve === "secp521r1" ? ECDSA_512 : ECDSA_256;
  if (key.asymmetricKeyType === "rsa") return RSA_256;
  if (key.asymmetricKeyType === "ed25519") return ED25519;
  throw new DerError(`a key of type ${key.asymmetricKeyType} cannot sign certificates: use EC, RSA or Ed25519`);
}

/** Whether `signature` over `content` is by `key`. Throws when the algorithm is unknown. */
export function verifySignature(
  algorithm: DerValue,
  key: KeyObject,
  content: Uint8Array,
  signature: Uint8Array,
): boolean {
  const [id] = childrenOf(algorithm);
  const name = id ? readOid(id) : "";
  const known = ALGORITHMS.find((one) => one.oid === name);
  if (!known) throw new DerError(`signature algorithm ${name} is not supported`);
  return key.asymmetricKeyType === known.keyType && verify(known.hash, content, key, signature);
}
