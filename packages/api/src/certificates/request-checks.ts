/** The checks of what a certificate request holds: the PKCS#10 request itself, usages, and later the certificate. */
import { X509Certificate } from "node:crypto";
import { fromPem, readSigningRequest } from "@kubets/wire/x509";

/** Every use that a certificate may be asked for. */
export const USAGES: readonly string[] = [
  "any",
  "cert sign",
  "client auth",
  "code signing",
  "content commitment",
  "crl sign",
  "data encipherment",
  "decipher only",
  "digital signature",
  "email protection",
  "encipher only",
  "ipsec end system",
  "ipsec tunnel",
  "ipsec user",
  "key agreement",
  "key encipherment",
  "microsoft sgc",
  "netscape sgc",
  "ocsp signing",
  "s/mime",
  "server auth",
  "signing",
  "timestamping",
];

const bytesOf = (base64: string): Buffer => Buffer.from(base64, "base64");

/** Why this is no request that a signer could sign; undefined when it is one. */
export function requestProblem(request: string | undefined): string | undefined {
  const [block] = fromPem(bytesOf(request ?? ""));
  if (block?.label !== "CERTIFICATE REQUEST") return "PEM block type must be CERTIFICATE REQUEST";
  try {
    readSigningRequest(block.bytes);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Why this is no chain of certificates; undefined when it is one. */
export function certificateProblem(certificate: string): string | undefined {
  const blocks = fromPem(bytesOf(certificate));
  if (!blocks.length) return "must contain at least one CERTIFICATE PEM block";
  for (const { label, bytes } of blocks) {
    if (label !== "CERTIFICATE") return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(label)}`;
    try {
      new X509Certificate(bytes);
    } catch (error) {
      return (error as Error).message;
    }
  }
  return undefined;
}
