/**
 * The authority of a cluster and the certificates under it. Kept in the cluster's folder; a certificate that is old, or lacks a name that it now needs,
 * is made anew at start, so that a cluster comes up again after a long pause and after the machine's address changed.
 */
import { createPublicKey } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Authority,
  type Certificate,
  certificateToPem,
  createAuthority,
  createKey,
  type ExtendedUsage,
  issueCertificate,
  keyFromPem,
  keyToPem,
  readCertificate,
  spkiPin,
  validFor,
} from "@kubets/wire/x509";

export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

interface CertificateSpec {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly usages: readonly ExtendedUsage[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

const CA_DAYS = 3650;
const YEAR_MS = 365 * 86_400_000;
/** A certificate with less than this part of its time left is made anew: two months of a year. */
const LAST_PART = 1 / 6;
/** Certificates begin a little before they are made, for clocks that differ. */
const BACKDATE_MS = 300_000;

export interface PkiOptions {
  /** What the authority is called. */
  readonly authority?: string;
  /** How long certificates under it are good. */
  readonly lifetimeMs?: number;
  /** What was made before is made anew. */
  readonly madeSince?: () => number;
}

export class ClusterPki {
  readonly caPem: string;
  readonly #folder: string;
  readonly #authority: Authority;
  readonly #now: () => number;
  readonly #lifetimeMs: number;
  readonly #madeSince: () => number;

  constructor(folder: string, now: () => number, options: PkiOptions = {}) {
    const { authority = "kubernetes", lifetimeMs = YEAR_MS, madeSince = () => 0 } = options;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#folder = folder;
    this.#now = now;
    this.#lifetimeMs = lifetimeMs;
    this.#madeSince = madeSince;
    const kept = this.#read("ca");
    const pair = kept ?? this.#write("ca", makeAuthority(now(), authority));
    this.caPem = pair.cert;
    this.#authority = { certificate: readCertificate(pair.cert), key: keyFromPem(pair.key) };
  }

  /** The authority's own key, for signing requests of nodes. */
  get authority(): Authority {
    return this.#authority;
  }

  /** What joining nodes check the authority by. */
  get caPin(): string {
    return spkiPin(this.#authority.certificate.publicKey);
  }

  /** The kept certificate of this name where it is still good for what is asked, or a new one. */
  certificate(name: string, spec: CertificateSpec): KeyPair {
    const kept = this.#read(name);
    if (kept && this.#isGood(kept, spec)) return kept;
    const key = createKey();
    const certificate = issueCertificate(this.#authority, {
      commonName: spec.commonName,
      ...(spec.organizations && { organizations: [...spec.organizations] }),
      publicKey: key,
      extendedUsages: spec.usages,
      ...(spec.dnsNames && { dnsNames: [...spec.dnsNames] }),
      ...(spec.ipAddresses && { ipAddresses: [...spec.ipAddresses] }),
      notBefore: this.#now() - BACKDATE_MS,
      notAfter: this.#now() + this.#lifetimeMs,
    });
    return this.#write(name, { key: keyToPem(key), cert: certificateToPem(certificate) });
  }

  /** A bare private key that is made once: that of service account tokens must outlive every restart. */
  signingKey(name: string): string {
    const path = join(this.#folder, `${name}.key`);
    if (!existsSync(path)) writeFileSync(path, keyToPem(createKey()), { mode: 0o600 });
    return readFileSync(path, "utf8");
  }

  #isGood({ key, cert }: KeyPair, spec: CertificateSpec): boolean {
    const made = readCertificate(cert);
    // A process that was killed between the two files leaves a key that is not the certificate's.
    if (!createPublicKey(keyFromPem(key)).equals(made.publicKey)) return false;
    const has = (wanted: readonly string[] = [], present: readonly string[]) =>
      wanted.every((w) => present.includes(w));
    return (
      this.#now() < renewalOf(made) &&
      made.notBefore + BACKDATE_MS >= this.#madeSince() &&
      has(spec.usages, made.extendedUsages) &&
      has(spec.dnsNames, made.dnsNames) &&
      has(spec.ipAddresses, made.ipAddresses)
    );
  }

  #read(name: string): KeyPair | undefined {
    const [cert, key] = [join(this.#folder, `${name}.crt`), join(this.#folder, `${name}.key`)];
    return existsSync(cert) && existsSync(key)
      ? { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") }
      : undefined;
  }

  #write(name: string, pair: KeyPair): KeyPair {
    writeFileSync(join(this.#folder, `${name}.key`), pair.key, { mode: 0o600 });
    writeFileSync(join(this.#folder, `${name}.crt`), pair.cert);
    return pair;
  }
}

/** When it is time for another. */
export const renewalOf = ({ notBefore, notAfter }: Pick<Certificate, "notBefore" | "notAfter">): number =>
  notAfter - (notAfter - notBefore - BACKDATE_MS) * LAST_PART;

function makeAuthority(now: number, commonName: string): KeyPair {
  const key = createKey();
  const authority = createAuthority({ commonName, key, ...validFor(now, CA_DAYS) });
  return { key: keyToPem(key), cert: certificateToPem(authority.certificate) };
}
