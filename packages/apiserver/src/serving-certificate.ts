/** The certificate that the server shows: the one that was given, or one that it makes for itself and keeps. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  certificateToPem,
  createAuthority,
  createKey,
  issueCertificate,
  keyToPem,
  readCertificate,
  validFor,
} from "@kubets/wire/x509";

interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

interface CertificateNames {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

const RENEW_BEFORE_MS = 30 * 24 * 3600 * 1000;
const LIFE_DAYS = 365;

/** The kept certificate, or a new one where it is missing, old, or lacks a name. Without a folder nothing is kept. */
export function ownServingCertificate(folder: string | undefined, names: CertificateNames, now: number): KeyPair {
  const kept = folder && readKept(folder);
  if (kept && isGood(kept, names, now)) return kept;
  const authority = createAuthority({
    commonName: `kubets-apiserver-ca@${Math.floor(now / 1000)}`,
    key: createKey(),
    ...validFor(now, LIFE_DAYS),
  });
  const key = createKey();
  const certificate = issueCertificate(authority, {
    commonName: "kubets-apiserver",
    publicKey: key,
    extendedUsages: ["serverAuth"],
    dnsNames: [...names.dnsNames],
    ipAddresses: [...names.ipAddresses],
    ...validFor(now, LIFE_DAYS),
  });
  const made = { key: keyToPem(key), cert: certificateToPem(certificate) + certificateToPem(authority.certificate) };
  if (folder) keep(folder, made);
  return made;
}

const filesIn = (folder: string) => ({ cert: join(folder, "apiserver.crt"), key: join(folder, "apiserver.key") });

function readKept(folder: string): KeyPair | undefined {
  const { cert, key } = filesIn(folder);
  return existsSync(cert) && existsSync(key)
    ? { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") }
    : undefined;
}

function keep(folder: string, { cert, key }: KeyPair): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = filesIn(folder);
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key, { mode: 0o600 });
}

function isGood({ cert }: KeyPair, names: CertificateNames, now: number): boolean {
  const { notAfter, dnsNames, ipAddresses } = readCertificate(cert);
  return (
    notAfter - now > RENEW_BEFORE_MS &&
    names.dnsNames.every((n) => dnsNames.includes(n)) &&
    names.ipAddresses.every((ip) => ipAddresses.includes(ip))
  );
}
