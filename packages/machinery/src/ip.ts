/**
 * IP addresses of both families, read as strictly as Go's netip: no leading zeros, no zones, no short forms.
 * Holds: an address is a family and a number; its text is canonical (RFC 5952 for IPv6).
 */
export type IpFamily = 4 | 6;

export class IpError extends Error {
  override readonly name = "IpError";
}

export class IpAddress {
  readonly family: IpFamily;
  readonly value: bigint;
  #text: string | undefined;

  constructor(family: IpFamily, value: bigint) {
    this.family = family;
    this.value = value;
  }

  /** Bits of an address: 32 or 128. */
  get bits(): number {
    return addressBits(this.family);
  }

  equals(other: IpAddress): boolean {
    return this.family === other.family && this.value === other.value;
  }

  /** The address so many further on; undefined beyond the last or the first. */
  plus(count: number | bigint): IpAddress | undefined {
    const value = this.value + BigInt(count);
    return value >= 0n && value < 1n << BigInt(this.bits) ? new IpAddress(this.family, value) : undefined;
  }

  /** An IPv4 address written as IPv6 (::ffff:1.2.3.4). */
  isMapped(): boolean {
    return this.family === 6 && this.value >> 32n === 0xffffn;
  }

  /** The IPv4 address that a mapped one stands for, or itself. */
  unmap(): IpAddress {
    return this.isMapped() ? new IpAddress(4, this.value & 0xffff_ffffn) : this;
  }

  isLoopback(): boolean {
    return this.family === 4 ? this.value >> 24n === 127n : this.value === 1n;
  }

  isUnspecified(): boolean {
    return this.value === 0n;
  }

  isMulticast(): boolean {
    return this.family === 4 ? this.value >> 28n === 0xen : this.value >> 120n === 0xffn;
  }

  isLinkLocalUnicast(): boolean {
    return this.family === 4 ? this.value >> 16n === 0xa9fen : this.value >> 118n === 0x3fan;
  }

  isLinkLocalMulticast(): boolean {
    return this.family === 4 ? this.value >> 8n === 0xe00000n : ((this.value >> 112n) & 0xff0fn) === 0xff02n;
  }

  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.bits / 8);
    for (let i = bytes.length - 1, rest = this.value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
    return bytes;
  }

  toString(): string {
    this.#text ??=
      this.family === 4 ? text4(Number(this.value)) : this.isMapped() ? mappedText(this.value) : text6(this.value);
    return this.#text;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** "host:port", with IPv6 in brackets. */
export const joinHostPort = (host: string, port: number | string | undefined): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;

export const addressBits = (family: IpFamily): number => (family === 4 ? 32 : 128);

/** Reads an address; undefined for what is none. */
export function parseIp(text: string): IpAddress | undefined {
  const value = text.includes(":") ? parse6(text) : parse4(text, DECIMAL_OCTET);
  return value === undefined ? undefined : new IpAddress(text.includes(":") ? 6 : 4, value);
}

/** Reads an address that must be one. */
export function mustParseIp(text: string): IpAddress {
  const address = parseIp(text);
  if (!address) throw new IpError(`${JSON.stringify(text)} is not an IP address, such as 10.9.8.7 or 2001:db8::ffff`);
  return address;
}

/** As `parseIp`, but with the leading zeros that old releases let pass (010 is ten). */
export function parseIpSloppy(text: string): IpAddress | undefined {
  if (text.includes(":")) {
    const cut = text.lastIndexOf(":") + 1;
    const tail = text.slice(cut);
    const plain = tail.includes(".") ? text.slice(0, cut) + withoutZeros(tail) : text;
    return parseIp(plain)?.unmap();
  }
  const value = parse4(text, SLOPPY_OCTET);
  return value === undefined ? undefined : new IpAddress(4, value);
}

export const ipFromBytes = (bytes: Uint8Array): IpAddress => {
  if (bytes.length !== 4 && bytes.length !== 16)
    throw new IpError(`an IP address has 4 or 16 bytes, not ${bytes.length}`);
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return new IpAddress(bytes.length === 4 ? 4 : 6, value);
};

/** What is wrong with the text of an address, in the words of validation. */
export function ipErrors(text: string): string[] {
  if (!parseIpSloppy(text)) return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"];
  const address = parseIp(text);
  if (!address) return ["must not have leading 0s"];
  return address.isMapped() ? ["must not be an IPv4-mapped IPv6 address"] : [];
}

const DECIMAL_OCTET = /^(0|[1-9][0-9]{0,2})$/;
const SLOPPY_OCTET = /^[0-9]{1,16}$/;

const withoutZeros = (dotted: string): string => dotted.replace(/(^|\.)0+(?=[0-9])/g, "$1");

function parse4(text: string, octet: RegExp): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    const number = octet.test(part) ? Number(part) : 256;
    if (number > 255) return undefined;
    value = value * 256 + number;
  }
  return BigInt(value);
}

function parse6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groups6(halves[0] as string, halves.length === 1);
  const tail = halves.length === 2 ? groups6(halves[1] as string, true) : [];
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  let value = 0n;
  for (const group of [...head, ...Array.from({ length: missing }, () => 0), ...tail])
    value = (value << 16n) | BigInt(group);
  return value;
}

/** The groups of 16 bits between colons; only at the end of the text may the last be a dotted IPv4 address. */
function groups6(text: string, atEnd: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const dotted = atEnd && i === parts.length - 1 ? parse4(part, DECIMAL_OCTET) : undefined;
    if (dotted === undefined) return undefined;
    groups.push(Number(dotted >> 16n), Number(dotted & 0xffffn));
  }
  return groups;
}

const text4 = (value: number): string =>
  `${Math.floor(value / 2 ** 24)}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;

const mappedText = (value: bigint): string => `::ffff:${text4(Number(value & 0xffff_ffffn))}`;

function text6(value: bigint): string {
  const groups: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(Number((value >> shift) & 0xffffn));
  const [start, length] = longestZeros(groups);
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (length < 2) return hex(groups);
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

/** The first of the longest runs of zero groups. */
function longestZeros(groups: readonly number[]): [start: number, length: number] {
  let [best, bestLength] = [0, 0];
  for (let i = 0; i < groups.length; i++) {
    let end = i;
    while (end < groups.length && groups[end] === 0) end++;
    if (end - i > bestLength) [best, bestLength] = [i, end - i];
    if (end > i) i = end - 1;
  }
  return [best, bestLength];
}
