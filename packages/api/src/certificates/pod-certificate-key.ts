/** The key that a pod's certificate is asked for, and the proof that who asks has it: an empty PKCS#10 request, or as before a key and a signature of the pod's uid. */
import { constants, createPublicKey, type KeyObject, verify } from "node:crypto";
import { type FieldError, invalidValue, required } from "@kubets/machinery";
import { readSigningRequest } from "@kubets/wire/x509";
import type { PodCertificateRequestSpec } from "../generated/types/certificates-v1beta1.ts";

const CURVES = ["prime256v1", "secp384r1", "secp521r1"];
const RSA_BITS = [3072, 4096];
const KEY = "spec.pkixPublicKey";
const PROOF = "spec.proofOfPossession";
const STUB = "spec.stubPKCS10Request";
const MAX_BYTES = 10 * 1024;

/** Bytes that were not given are null in objects where they are required. */
const bytesOf = (base64?: string | null): Buffer => Buffer.from(base64 ?? "", "base64");

/** Undefined when it is no key that can be read. */
export function askedKey({ stubPKCS10Request, pkixPublicKey }: PodCertificateRequestSpec): KeyObject | undefined {
  try {
    return stubPKCS10Request
      ? readSigningRequest(bytesOf(stubPKCS10Request)).publicKey
      : createPublicKey({ key: bytesOf(pkixPublicKey), format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}

export function keyErrors(spec: PodCertificateRequestSpec): FieldError[] {
  const { stubPKCS10Request: stub, pkixPublicKey = "", proofOfPossession = "" } = spec;
  const field = stub ? STUB : KEY;
  if (stub && (pkixPublicKey || proofOfPossession))
    return [invalidValue(STUB, "<omitted>", "may not be set together with pkixPublicKey and proofOfPossession")];
  if (!stub && !pkixPublicKey) return [required(STUB)];
  for (const [name, text] of [
    [STUB, stub],
    [KEY, pkixPublicKey],
    [PROOF, proofOfPossession],
  ] as const)
    if (bytesOf(text).length > MAX_BYTES)
      return [{ type: "FieldValueTooLong", field: name, detail: `may not be more than ${MAX_BYTES} bytes` }];
  const key = askedKey(spec);
  if (!key)
    return [
      invalidValue(
        field,
        stub || pkixPublicKey,
        stub ? "must be a valid PKCS#10 request, signed by its own key" : "must be a valid PKIX-serialized public key",
      ),
    ];
  const problem = kindProblem(key);
  if (problem) return [invalidValue(field, problem.value, problem.detail)];
  return stub || isProven(key, spec)
    ? []
    : [{ type: "FieldValueInvalid", field: PROOF, detail: "could not verify proof-of-possession signature" }];
}

function kindProblem({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject) {
  const { namedCurve = "", modulusLength = 0 } = asymmetricKeyDetails;
  switch (asymmetricKeyType) {
    case "ed25519":
      return undefined;
    case "ec":
      if (CURVES.includes(namedCurve)) return undefined;
      return { value: `curve ${namedCurve}`, detail: "elliptic public keys must use curve P256 or P384" };
    case "rsa":
      if (RSA_BITS.includes(modulusLength)) return undefined;
      return { value: `${modulusLength}-bit modulus`, detail: "RSA keys must have modulus size 3072 or 4096" };
    default:
      return {
        value: asymmetricKeyType ?? "",
        detail: "unknown public key type; supported types are Ed25519, ECDSA, and RSA",
      };
  }
}

function isProven(key: KeyObject, { podUID, proofOfPossession }: PodCertificateRequestSpec): boolean {
  const isRsa = key.asymmetricKeyType === "rsa";
  const how = isRsa ? { key, padding: constants.RSA_PKCS1_PSS_PADDING } : key;
  const hash = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  return verify(hash, Buffer.from(podUID), how, bytesOf(proofOfPossession));
}
