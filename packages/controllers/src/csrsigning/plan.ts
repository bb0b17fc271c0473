/** Whether a signer signs a request, and what the certificate then says. Pure. */
import type { CertificateSigningRequest } from "@kubets/api/generated/types/certificates-v1";
import { KUBELET_CLIENT, KUBELET_SERVING } from "@kubets/client/certificates/node-wishes";
import type { CertificateRequestOptions, SigningRequest } from "@kubets/wire/x509";
import { API_CLIENT, kubeletClientProblem, kubeletServingProblem, LEGACY } from "../certificates/request.ts";

export const SIGNERS: readonly string[] = [API_CLIENT, KUBELET_CLIENT, KUBELET_SERVING, LEGACY];

/** What lives shorter than this keeps its whole time, though it begins earlier. */
const SHORT_MS = 8 * 3_600_000;
const BACKDATE_MS = 5 * 60_000;
const SHORTEST_SECONDS = 600;

const KEY_USAGES = {
  signing: "digitalSignature",
  "digital signature": "digitalSignature",
  "content commitment": "contentCommitment",
  "key encipherment": "keyEncipherment",
  "key agreement": "keyAgreement",
  "data encipherment": "dataEncipherment",
  "cert sign": "keyCertSign",
  "crl sign": "cRLSign",
  "encipher only": "encipherOnly",
  "decipher only": "decipherOnly",
} as const;
const EXTENDED_USAGES = {
  any: "any",
  "server auth": "serverAuth",
  "client auth": "clientAuth",
  "code signing": "codeSigning",
  "email protection": "emailProtection",
  "s/mime": "emailProtection",
  timestamping: "timeStamping",
  "ocsp signing": "ocspSigning",
} as const;

/** What is wrong; nothing if it can be signed. */
export function signingProblem({ spec }: CertificateSigningRequest, request: SigningRequest): string | undefined {
  const usages = spec.usages ?? [];
  if (spec.signerName === KUBELET_CLIENT) return kubeletClientProblem(request, usages);
  if (spec.signerName === KUBELET_SERVING) return kubeletServingProblem(request, usages);
  if (spec.signerName !== API_CLIENT) return undefined;
  const wrong = usages.find((usage) => !["key encipherment", "digital signature", "client auth"].includes(usage));
  if (wrong || !usages.includes("client auth")) return `usages did not match [client auth]${wrong ? `: ${wrong}` : ""}`;
  return undefined;
}

export function certificateOptions(
  { spec }: CertificateSigningRequest,
  request: SigningRequest,
  longestMs: number,
  now: number,
): CertificateRequestOptions {
  const usages = spec.usages ?? [];
  const asked =
    spec.expirationSeconds === undefined ? longestMs : Math.max(SHORTEST_SECONDS, spec.expirationSeconds) * 1000;
  const ttl = Math.min(asked, longestMs);
  const pick = <T extends string>(table: Readonly<Record<string, T>>): T[] => [
    ...new Set(usages.map((usage) => table[usage]).filter((each) => each !== undefined)),
  ];
  return {
    commonName: request.commonName,
    organizations: request.organizations,
    dnsNames: request.dnsNames,
    ipAddresses: request.ipAddresses,
    uris: request.uris,
    publicKey: request.publicKey,
    notBefore: now - BACKDATE_MS,
    notAfter: now + ttl - (ttl < SHORT_MS ? 0 : BACKDATE_MS),
    keyUsages: pick(KEY_USAGES),
    extendedUsages: pick(EXTENDED_USAGES),
  };
}
