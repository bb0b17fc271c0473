/** A certificate that a component makes for itself when it is given none: good for this machine's names, kept nowhere. */
import { certificateToPem, createAuthority, createKey, issueCertificate, keyToPem, validFor } from "@kubets/wire/x509";

const LIFE_DAYS = 365;

export function ownCertificate(host: string, address: string, now: number): { key: string; cert: string } {
  const dates = validFor(now, LIFE_DAYS);
  const authority = createAuthority({ commonName: `${host}-ca@${Math.floor(now / 1000)}`, key: createKey(), ...dates });
  const key = createKey();
  const certificate = issueCertificate(authority, {
    commonName: `${host}@${Math.floor(now / 1000)}`,
    publicKey: key,
    extendedUsages: ["serverAuth"],
    dnsNames: [...new Set([host, "localhost"])],
    ipAddresses: [...new Set(["127.0.0.1", "::1", ...(/^(0\.0\.0\.0|::)$/.test(address) ? [] : [address])])],
    ...dates,
  });
  return { key: keyToPem(key), cert: certificateToPem(certificate) + certificateToPem(authority.certificate) };
}
