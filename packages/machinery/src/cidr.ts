/**
 * Ranges of addresses in CIDR form ("10.0.0.0/16", "fd00::/64").
 * Holds: a range has no bits set beyond its prefix; `parseCidr` masks what is written with them.
 */
import { addressBits, IpAddress, IpError, type IpFamily, parseIp, parseIpSloppy } from "./ip.ts";

export class Cidr {
  /** The first address. */
  readonly address: IpAddress;
  readonly prefix: number;

  constructor(address: IpAddress, prefix: number) {
    this.prefix = prefix;
    this.address = maskTo(address, prefix);
  }

  get family(): IpFamily {
    return this.address.family;
  }

  /** How many addresses it holds. */
  get size(): bigint {
    return 1n << BigInt(this.address.bits - this.prefix);
  }

  /** The last address; for IPv4 the broadcast address. */
  get last(): IpAddress {
    return new IpAddress(this.family, this.address.value + this.size - 1n);
  }

  contains(address: IpAddress): boolean {
    const shift = BigInt(this.address.bits - this.prefix);
    return address.family === this.family && address.value >> shift === this.address.value >> shift;
  }

  containsCidr(other: Cidr): boolean {
    return other.prefix >= this.prefix && this.contains(other.address);
  }

  overlaps(other: Cidr): boolean {
    return this.containsCidr(other) || other.containsCidr(this);
  }

  /** The nth address, from 0; a negative n counts from the end (-1 is the last). */
  nth(n: number | bigint): IpAddress | undefined {
    const index = BigInt(n) < 0n ? this.size + BigInt(n) : BigInt(n);
    return index >= 0n && index < this.size ? this.address.plus(index) : undefined;
  }

  /** The nth range of this longer prefix inside it. */
  subnet(prefix: number, n: number | bigint): Cidr | undefined {
    if (prefix < this.prefix || prefix > this.address.bits || BigInt(n) < 0n) return undefined;
    if (BigInt(n) >= 1n << BigInt(prefix - this.prefix)) return undefined;
    const step = 1n << BigInt(this.address.bits - prefix);
    return new Cidr(new IpAddress(this.family, this.address.value + step * BigInt(n)), prefix);
  }

  /** The mask as an address: 255.255.0.0. */
  get mask(): IpAddress {
    const all = (1n << BigInt(this.address.bits)) - 1n;
    return new IpAddress(this.family, all - (this.size - 1n));
  }

  toString(): string {
    return `${this.address}/${this.prefix}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

function maskTo(address: IpAddress, prefix: number): IpAddress {
  const shift = BigInt(address.bits - prefix);
  return new IpAddress(address.family, (address.value >> shift) << shift);
}

/** Reads a range strictly; undefined for what is none. Bits beyond the prefix are dropped. */
export function parseCidr(text: string): Cidr | undefined {
  const parts = parseInterface(text);
  return parts && new Cidr(parts.address, parts.prefix);
}

/** Reads an interface's address with its prefix ("10.0.0.5/24"), keeping all bits. */
export function parseInterface(text: string): { address: IpAddress; prefix: number } | undefined {
  const slash = text.lastIndexOf("/");
  const address = slash < 0 ? undefined : parseIp(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (!address || !/^(0|[1-9][0-9]{0,2})$/.test(digits)) return undefined;
  const prefix = Number(digits);
  return prefix > addressBits(address.family) ? undefined : { address, prefix };
}

export function mustParseCidr(text: string): Cidr {
  const range = parseCidr(text);
  if (!range)
    throw new IpError(`${JSON.stringify(text)} is not a range in CIDR form, such as 10.9.8.0/24 or 2001:db8::/64`);
  return range;
}

/** What is wrong with the text of a range, in the words of validation. */
export function cidrErrors(text: string): string[] {
  if (!isSloppyCidr(text)) return ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"];
  const parts = parseInterface(text);
  if (!parts) return ["must not have leading 0s in IP or prefix length"];
  const errors: string[] = [];
  if (parts.address.isMapped()) errors.push("must not have an IPv4-mapped IPv6 address");
  if (!maskTo(parts.address, parts.prefix).equals(parts.address)) {
    errors.push("must not have bits set beyond the prefix length");
  }
  return errors;
}

function isSloppyCidr(text: string): boolean {
  const slash = text.indexOf("/");
  const address = text.slice(0, Math.max(slash, 0));
  const digits = text.slice(slash + 1);
  if (slash < 0 || !parseIpSloppy(address) || !/^[0-9]{1,16}$/.test(digits)) return false;
  return Number(digits) <= addressBits(address.includes(":") ? 6 : 4);
}
