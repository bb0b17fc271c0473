/** The extensions of certificates and requests that Kubernetes uses: written by name, read into plain data. */
import { createHash, type KeyObject } from "node:crypto";
import {
  bitString,
  boolean,
  childrenOf,
  DerError,
  type DerValue,
  implicit,
  octetString,
  oid,
  readDer,
  readOid,
  sequence,
} from "./der.ts";
import { spkiOf } from "./key.ts";
import { type AlternativeNames, noAlternativeNames, readAlternativeNames, writeAlternativeNames } from "./subject.ts";

export type ExtendedUsage =
  | "serverAuth"
  | "clientAuth"
  | "codeSigning"
  | "emailProtection"
  | "timeStamping"
  | "ocspSigning"
  | "any";

const EXTENSION = {
  subjectKeyId: "2.5.29.14",
  keyUsage: "2.5.29.15",
  alternativeNames: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyId: "2.5.29.35",
  extendedUsage: "2.5.29.37",
} as const;

const EXTENDED_USAGE: Record<ExtendedUsage, string> = {
  any: "2.5.29.37.0",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
  codeSigning: "1.3.6.1.5.5.7.3.3",
  emailProtection: "1.3.6.1.5.5.7.3.4",
  timeStamping: "1.3.6.1.5.5.7.3.8",
  ocspSigning: "1.3.6.1.5.5.7.3.9",
};

/** The bits of the key usage extension, in their order. */
export const KEY_USAGES = [
  "digitalSignature",
  "contentCommitment",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "keyCertSign",
  "cRLSign",
  "encipherOnly",
  "decipherOnly",
] as const;
export type KeyUsage = (typeof KEY_USAGES)[number];

export interface Extensions extends AlternativeNames {
  readonly isCa: boolean;
  readonly keyUsages: readonly KeyUsage[];
  readonly extendedUsages: readonly ExtendedUsage[];
  readonly subjectKeyId?: Buffer;
}

function writeExtension(id: string, value: Buffer, critical = false): Buffer {
  return critical ? sequence(oid(id), boolean(true), octetString(value)) : sequence(oid(id), octetString(value));
}

export const basicConstraints = (isCa: boolean): Buffer =>
  writeExtension(EXTENSION.basicConstraints, isCa ? sequence(boolean(true)) : sequence(), true);

export function keyUsage(usages: readonly KeyUsage[]): Buffer {
  let bits = 0;
  let last = 0;
  for (const usage of usages) {
    const at = KEY_USAGES.indexOf(usage);
    bits |= 0x8000 >> at;
    last = Math.max(last, at);
  }
  const bytes = last < 8 ? Buffer.from([bits >> 8]) : Buffer.from([bits >> 8, bits & 255]);
  return writeExtension(EXTENSION.keyUsage, bitString(bytes, 7 - (last % 8)), true);
}

export const extendedUsage = (usages: readonly ExtendedUsage[]): Buffer =>
  writeExtension(EXTENSION.extendedUsage, sequence(...usages.map((usage) => oid(EXTENDED_USAGE[usage]))));

export const alternativeNames = (names: Partial<AlternativeNames>): Buffer =>
  writeExtension(EXTENSION.alternativeNames, writeAlternativeNames(names));

export const subjectKeyId = (id: Uint8Array): Buffer => writeExtension(EXTENSION.subjectKeyId, octetString(id));

export const authorityKeyId = (id: Uint8Array): Buffer =>
  writeExtension(EXTENSION.authorityKeyId, sequence(implicit(0, id)));

/** The usual id of a key: the first 20 bytes of the SHA-256 of its bits. */
export function keyIdOf(key: KeyObject): Buffer {
  const bits = childrenOf(readDer(spkiOf(key)))[1];
  if (!bits) throw new DerError("the public key has no bits");
  return createHash("sha256").update(bits.content.subarray(1)).digest().subarray(0, 20);
}

/** Reads a sequence of extensions; those that are not known here are left out. */
export function readExtensions(list: DerValue): Extensions {
  const found = new Map<string, DerValue>();
  for (const extension of childrenOf(list)) {
    const parts = childrenOf(extension);
    const [id, value] = [parts[0], parts.at(-1)];
    if (id && value) found.set(readOid(id), readDer(value.content));
  }
  const names = found.get(EXTENSION.alternativeNames);
  const constraints = found.get(EXTENSION.basicConstraints);
  return {
    ...(names ? readAlternativeNames(names) : noAlternativeNames),
    isCa: constraints ? childrenOf(constraints)[0]?.content[0] === 255 : false,
    keyUsages: readKeyUsages(found.get(EXTENSION.keyUsage)),
    extendedUsages: readExtendedUsages(found.get(EXTENSION.extendedUsage)),
    ...(found.has(EXTENSION.subjectKeyId) && { subjectKeyId: found.get(EXTENSION.subjectKeyId)?.content }),
  };
}

export const noExtensions: Extensions = { ...noAlternativeNames, isCa: false, keyUsages: [], extendedUsages: [] };

function readKeyUsages(value: DerValue | undefined): KeyUsage[] {
  if (!value) return [];
  const bits = value.content.subarray(1);
  return KEY_USAGES.filter((_, at) => ((bits[at >> 3] ?? 0) & (0x80 >> (at & 7))) !== 0);
}

function readExtendedUsages(value: DerValue | undefined): ExtendedUsage[] {
  if (!value) return [];
  const ids = childrenOf(value).map(readOid);
  return (Object.keys(EXTENDED_USAGE) as ExtendedUsage[]).filter((usage) => ids.includes(EXTENDED_USAGE[usage]));
}
