/** Why a server could not be reached, in the words that clients of the original know: "connect: connection refused" and the like. */
import type { X509Certificate } from "node:crypto";
import { joinHostPort } from "@kubets/machinery/ip";

type Failure = NodeJS.ErrnoException & {
  readonly address?: string;
  readonly port?: number;
  readonly hostname?: string;
  readonly host?: string;
  readonly cert?: Partial<X509Certificate> & { readonly subjectaltname?: string };
};

const CONNECT: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connect: connection refused",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
  ETIMEDOUT: "i/o timeout",
};

const UNKNOWN_AUTHORITY = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_SIGNATURE_FAILURE",
]);

export function networkErrorText(error: unknown): string {
  const failure = error as Failure;
  const { code = "", message } = failure;
  const connecting = CONNECT[code];
  if (connecting && failure.address) return `dial tcp ${joinHostPort(failure.address, failure.port)}: ${connecting}`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `dial tcp: lookup ${failure.hostname}: no such host`;
  if (code === "ECONNRESET") return /hang up/.test(message) ? "EOF" : "read: connection reset by peer";
  if (UNKNOWN_AUTHORITY.has(code)) return unverified("certificate signed by unknown authority");
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID")
    return unverified("certificate has expired or is not yet valid");
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return unverified(wrongName(failure));
  return message;
}

const unverified = (why: string) => `tls: failed to verify certificate: x509: ${why}`;

function wrongName({ host = "", cert }: Failure): string {
  const names = (cert?.subjectaltname ?? "").split(", ").filter(Boolean);
  const kind = /^[\d.]+$|:/.test(host) ? "IP Address" : "DNS";
  const same = names.filter((name) => name.startsWith(`${kind}:`)).map((name) => name.slice(kind.length + 1));
  if (kind === "IP Address" && !same.length)
    return `cannot validate certificate for ${host} because it doesn't contain any IP SANs`;
  return same.length
    ? `certificate is valid for ${same.join(", ")}, not ${host}`
    : `certificate is not valid for any names, but wanted to match ${host}`;
}
