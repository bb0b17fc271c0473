/** Names of addresses: the reverse tree of DNS, and the dashed form in which pods are named. */
import { parseIp } from "@kubets/machinery";

/** "4.3.2.1.in-addr.arpa"; undefined for what is no address. */
export function reverseName(text: string): string | undefined {
  const address = parseIp(text);
  if (!address) return undefined;
  const bytes = [...address.toBytes()].reverse();
  if (address.family === 4) return `${bytes.join(".")}.in-addr.arpa`;
  return `${bytes.map((byte) => `${(byte & 15).toString(16)}.${(byte >> 4).toString(16)}`).join(".")}.ip6.arpa`;
}

/** 1.2.3.4 as "1-2-3-4"; fd00::1 as "fd00--1". */
export const dashed = (ip: string): string => ip.replace(/[.:]/g, "-");

/** The address that a dashed name means. */
export function undashed(name: string): string | undefined {
  const text = /^\d+-\d+-\d+-\d+$/.test(name) ? name.replaceAll("-", ".") : name.replaceAll("-", ":");
  return parseIp(text)?.toString();
}
