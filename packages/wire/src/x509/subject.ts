/**
 * Who a certificate is for: the distinguished name, and the alternative names.
 * For Kubernetes the common name is the user and the organizations are the groups.
 */
import { isIP } from "node:net";
import {
  childrenOf,
  DerError,
  type DerValue,
  implicit,
  oid,
  readOid,
  readText,
  sequence,
  setOf,
  utf8String,
} from "./der.ts";

export interface Subject {
  readonly commonName?: string;
  readonly organizations?: readonly string[];
}

/** One attribute of a name: `2.5.4.3` is the common name. */
export interface Attribute {
  readonly oid: string;
  readonly value: string;
}

export interface AlternativeNames {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly uris: readonly string[];
  readonly emailAddresses: readonly string[];
}

const ORGANIZATION = "2.5.4.10";
const COMMON_NAME = "2.5.4.3";

/** Organizations stand together in one set, as Go writes them. */
export function writeName({ commonName, organizations = [] }: Subject): Buffer {
  const attribute = (type: string, value: string) => sequence(oid(type), utf8String(value));
  const sets: Buffer[] = [];
  if (organizations.length) sets.push(setOf(...organizations.map((name) => attribute(ORGANIZATION, name))));
  if (commonName) sets.push(setOf(attribute(COMMON_NAME, commonName)));
  return sequence(...sets);
}

export function readName(name: DerValue): Attribute[] {
  return childrenOf(name).flatMap((set) =>
    childrenOf(set).map((pair) => {
      const [type, value] = childrenOf(pair);
      if (!type || !value) throw new DerError("a name has an attribute without a value");
      return { oid: readOid(type), value: readText(value) };
    }),
  );
}

/** The last common name counts, and all organizations in order. */
export function subjectOf(attributes: readonly Attribute[]): { commonName: string; organizations: string[] } {
  const values = (type: string) => attributes.filter((attribute) => attribute.oid === type).map((a) => a.value);
  return { commonName: values(COMMON_NAME).at(-1) ?? "", organizations: values(ORGANIZATION) };
}

export function writeAlternativeNames(names: Partial<AlternativeNames>): Buffer {
  return sequence(
    ...(names.emailAddresses ?? []).map((name) => implicit(1, Buffer.from(name, "latin1"))),
    ...(names.dnsNames ?? []).map((name) => implicit(2, Buffer.from(name, "latin1"))),
    ...(names.uris ?? []).map((name) => implicit(6, Buffer.from(name, "latin1"))),
    ...(names.ipAddresses ?? []).map((ip) => implicit(7, ipBytes(ip))),
  );
}

export function readAlternativeNames(extension: DerValue): AlternativeNames {
  const values = (number: number) => childrenOf(extension).filter((name) => name.tag === (0x80 | number));
  const texts = (number: number) => values(number).map((name) => name.content.toString("latin1"));
  return {
    emailAddresses: texts(1),
    dnsNames: texts(2),
    uris: texts(6),
    ipAddresses: values(7).map((name) => ipText(name.content)),
  };
}

export const noAlternativeNames: AlternativeNames = { dnsNames: [], ipAddresses: [], uris: [], emailAddresses: [] };

/** An IPv4 or IPv6 address as 4 or 16 bytes. */
export function ipBytes(ip: string): Buffer {
  const version = isIP(ip);
  if (version === 4) return Buffer.from(ip.split(".").map(Number));
  if (version === 0 || ip.includes("%")) throw new DerError(`"${ip}" is no IP address`);
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(ip);
  const plain = dotted
    ? `${dotted[1]}${ipBytes(dotted[2] as string)
        .toString("hex")
        .replace(/^.{4}/, "$&:")}`
    : ip;
  const [head = "", tail] = plain.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => "0"), ...after];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}

/** An address in its shortest usual form. */
export function ipText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) throw new DerError(`an IP address has 4 or 16 bytes, not ${bytes.length}`);
  const groups = bytes.toString("hex").match(/.{4}/g) as string[];
  return new URL(`http://[${groups.join(":")}]/`).hostname.slice(1, -1);
}
