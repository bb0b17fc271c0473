/**
 * Certificates: made (self-signed authorities, and certificates that an authority signs) and read into plain data.
 * Holds: what is made here is read back the same, and is accepted by OpenSSL and Go. Times are arguments.
 */
import { createPublicKey, type KeyObject, randomBytes, X509Certificate } from "node:crypto";
import {
  bitString,
  childrenOf,
  DerError,
  type DerValue,
  explicit,
  integer,
  readDer,
  readTime,
  sequence,
  time,
} from "./der.ts";
import {
  alternativeNames,
  authorityKeyId,
  basicConstraints,
  type ExtendedUsage,
  type Extensions,
  extendedUsage,
  type KeyUsage,
  keyIdOf,
  keyUsage,
  noExtensions,
  readExtensions,
  subjectKeyId,
} from "./extensions.ts";
import { publicOf, spkiOf } from "./key.ts";
import { fromPem, toPem } from "./pem.ts";
import { signerOf } from "./signature.ts";
import { type AlternativeNames, type Attribute, readName, type Subject, subjectOf, writeName } from "./subject.ts";

/** What a certificate says. */
export interface Certificate extends Extensions {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly subject: readonly Attribute[];
  readonly issuer: readonly Attribute[];
  /** Hexadecimal, in lower case. */
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: KeyObject;
  readonly der: Buffer;
}

/** Who signs: a certificate with its key. */
export interface Authority {
  readonly certificate: Certificate;
  readonly key: KeyObject;
}

interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface CertificateRequestOptions extends Subject, Validity, Partial<AlternativeNames> {
  /** The key the certificate is for; its private half may be given as well. */
  readonly publicKey: KeyObject;
  readonly extendedUsages?: readonly ExtendedUsage[];
  /** By default a signature, and key encipherment for RSA. */
  readonly keyUsages?: readonly KeyUsage[];
}

const DAY_MS = 86_400_000;

/** From a little before now, for clocks that differ, to so many days after. */
export const validFor = (now: number, days: number): Validity => ({
  notBefore: now - 300_000,
  notAfter: now + days * DAY_MS,
});

/** A self-signed authority. */
export function createAuthority(options: Subject & Validity & { readonly key: KeyObject }): Authority {
  const { key, notBefore, notAfter } = options;
  const name = writeName(options);
  const id = keyIdOf(key);
  const extensions = [
    keyUsage(["digitalSignature", "keyEncipherment", "keyCertSign"]),
    basicConstraints(true),
    subjectKeyId(id),
  ];
  const der = build(
    { issuer: name, subject: name, spki: spkiOf(key), validity: { notBefore, notAfter }, extensions },
    key,
  );
  return { certificate: readCertificate(der), key };
}

/** A certificate signed by `authority`. It never outlives it. */
export function issueCertificate(authority: Authority, options: CertificateRequestOptions): Certificate {
  const { certificate: ca, key } = authority;
  const usages = options.keyUsages ?? defaultUsages(options.publicKey);
  const extensions = [keyUsage(usages)];
  if (options.extendedUsages?.length) extensions.push(extendedUsage(options.extendedUsages));
  extensions.push(basicConstraints(false), authorityKeyId(ca.subjectKeyId ?? keyIdOf(ca.publicKey)));
  if (hasNames(options)) extensions.push(alternativeNames(options));
  const der = build(
    {
      issuer: subjectBytes(ca.der),
      subject: writeName(options),
      spki: spkiOf(publicOf(options.publicKey)),
      validity: { notBefore: options.notBefore, notAfter: Math.min(options.notAfter, ca.notAfter) },
      extensions,
    },
    key,
  );
  return readCertificate(der);
}

export const hasNames = (names: Partial<AlternativeNames>): boolean =>
  [names.dnsNames, names.ipAddresses, names.uris, names.emailAddresses].some((list) => list?.length);

const defaultUsages = (key: KeyObject): KeyUsage[] =>
  key.asymmetricKeyType === "rsa" ? ["digitalSignature", "keyEncipherment"] : ["digitalSignature"];

interface Content {
  issuer: Buffer;
  subject: Buffer;
  spki: Buffer;
  validity: Validity;
  extensions: readonly Buffer[];
}

function build(content: Content, key: KeyObject): Buffer {
  const signer = signerOf(key);
  const serial = randomBytes(16);
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40;
  const body = sequence(
    explicit(0, integer(2)),
    integer(serial),
    signer.algorithm,
    content.issuer,
    sequence(time(content.validity.notBefore), time(content.validity.notAfter)),
    content.subject,
    content.spki,
    explicit(3, sequence(...content.extensions)),
  );
  return sequence(body, signer.algorithm, bitString(signer.sign(body)));
}

/** The fields of the signed part, with the optional version taken off. */
function bodyFields(der: Uint8Array): DerValue[] {
  const [body] = childrenOf(readDer(der));
  const fields = body ? childrenOf(body) : [];
  return fields[0]?.tag === 0xa0 ? fields.slice(1) : fields;
}

const subjectBytes = (der: Uint8Array): Buffer => (bodyFields(der)[4] as DerValue).raw;

/** Reads a certificate: DER bytes, or the first one of a PEM text. */
export function readCertificate(source: Uint8Array | string): Certificate {
  const der = derOf(source);
  const [serial, , issuer, validity, subject, spki, ...rest] = bodyFields(der);
  if (!serial || !issuer || !validity || !subject || !spki) throw new DerError("this is no certificate");
  const [notBefore, notAfter] = childrenOf(validity);
  if (!notBefore || !notAfter) throw new DerError("the certificate has no validity");
  const list = rest.find((field) => field.tag === 0xa3);
  const attributes = readName(subject);
  let publicKey: KeyObject | undefined;
  return {
    ...(list ? readExtensions(childrenOf(list)[0] as DerValue) : noExtensions),
    ...subjectOf(attributes),
    subject: attributes,
    issuer: readName(issuer),
    serial: serial.content.toString("hex").replace(/^00/, ""),
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    get publicKey() {
      publicKey ??= createPublicKey({ key: spki.raw, format: "der", type: "spki" });
      return publicKey;
    },
    der,
  };
}

function derOf(source: Uint8Array | string): Buffer {
  if (typeof source !== "string" && source[0] === 0x30) return Buffer.from(source);
  const block = fromPem(source).find(({ label }) => label === "CERTIFICATE");
  if (!block) throw new DerError("there is no PEM block of type CERTIFICATE");
  return block.bytes;
}

/** All certificates of a PEM text, in order. */
export const readCertificates = (pem: string | Uint8Array): Certificate[] =>
  fromPem(pem)
    .filter(({ label }) => label === "CERTIFICATE")
    .map(({ bytes }) => readCertificate(bytes));

export const certificateToPem = (certificate: Pick<Certificate, "der">): string =>
  toPem("CERTIFICATE", certificate.der);

/** Whether `issuer` signed `certificate` and is its issuer by name. */
export function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  const [child, parent] = [new X509Certificate(certificate.der), new X509Certificate(issuer.der)];
  return child.checkIssued(parent) && child.verify(parent.publicKey);
}
