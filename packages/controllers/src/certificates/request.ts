/** Certificate requests as signers read them: approved or not, what is asked for, and whether it is a kubelet's. */
import type { CertificateSigningRequest } from "@kubets/api/generated/types/certificates-v1";
import { readSigningRequest, type SigningRequest } from "@kubets/wire/x509";
import { isTrue } from "../conditions.ts";

export const API_CLIENT = "kubernetes.io/kube-apiserver-client";
export const LEGACY = "kubernetes.io/legacy-unknown";

export const isApproved = ({ status }: CertificateSigningRequest): boolean =>
  isTrue(status.conditions, "Approved") && !isTrue(status.conditions, "Denied");
export const isDenied = ({ status }: CertificateSigningRequest): boolean => isTrue(status.conditions, "Denied");
export const hasFailed = ({ status }: CertificateSigningRequest): boolean => isTrue(status.conditions, "Failed");

/** Throws what is wrong with its form. */
export const requestOf = ({ spec }: CertificateSigningRequest): SigningRequest =>
  readSigningRequest(Buffer.from(spec.request, "base64"));

const isNodeSubject = ({ organizations, commonName }: SigningRequest): boolean =>
  organizations.length === 1 && organizations[0] === "system:nodes" && commonName.startsWith("system:node:");

/** What is wrong with a kubelet's request for a client certificate, in the original's words. */
export function kubeletClientProblem(request: SigningRequest, usages: readonly string[]): string | undefined {
  if (request.organizations.length !== 1 || request.organizations[0] !== "system:nodes")
    return "subject organization is not system:nodes";
  if (request.dnsNames.length > 0) return "DNS subjectAltNames are not allowed";
  if (request.ipAddresses.length > 0) return "IP subjectAltNames are not allowed";
  if (request.uris.length > 0) return "URI subjectAltNames are not allowed";
  if (!request.commonName.startsWith("system:node:")) return "subject common name does not begin with system:node:";
  return usagesAre(usages, "client auth")
    ? undefined
    : "usages did not match [key encipherment digital signature client auth] or [digital signature client auth]";
}

export function kubeletServingProblem(request: SigningRequest, usages: readonly string[]): string | undefined {
  if (!isNodeSubject(request))
    return request.commonName.startsWith("system:node:")
      ? "subject organization is not system:nodes"
      : "subject common name does not begin with system:node:";
  if (request.dnsNames.length + request.ipAddresses.length === 0)
    return "at least one DNS or IP subjectAltName is required";
  if (request.uris.length > 0) return "URI subjectAltNames are not allowed";
  return usagesAre(usages, "server auth")
    ? undefined
    : "usages did not match [key encipherment digital signature server auth] or [digital signature server auth]";
}

function usagesAre(usages: readonly string[], extended: string): boolean {
  const given = new Set(usages);
  given.delete("key encipherment");
  return given.size === 2 && given.has("digital signature") && given.has(extended);
}
