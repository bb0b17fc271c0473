/** Kubernetes' IP addresses and CIDR ranges. Mapped addresses and zones are refused. */
import { addressBits, Cidr, type IpAddress, parseInterface, parseIp, quote } from "@kubets/machinery";
import { type CostRange, ONE, plus, scaled } from "../cost-range.ts";
import type { Library, Overload } from "../declarations.ts";
import { func, method } from "../declare.ts";
import { failure } from "../errors.ts";
import { parsing, sizeAt } from "../library-costs.ts";
import { sizeOf, traversal } from "../sizes.ts";
import { celTypes as t } from "../types.ts";
import { type CelValue, Opaque } from "../values.ts";

class Ip extends Opaque {
  readonly type = t.ip;
  readonly address: IpAddress;
  constructor(address: IpAddress) {
    super();
    this.address = address;
  }
  equals(other: Opaque): boolean {
    return other instanceof Ip && other.address.equals(this.address);
  }
  override toJson(): string {
    return this.address.toString();
  }
}

class Range extends Opaque {
  readonly type = t.cidr;
  readonly address: IpAddress;
  readonly prefix: number;
  constructor(address: IpAddress, prefix: number) {
    super();
    this.address = address;
    this.prefix = prefix;
  }
  get masked(): Cidr {
    return new Cidr(this.address, this.prefix);
  }
  equals(other: Opaque): boolean {
    return other instanceof Range && other.prefix === this.prefix && other.address.equals(this.address);
  }
  override toJson(): string {
    return `${this.address}/${this.prefix}`;
  }
}

/** The address, or what is wrong with it. */
function readIp(text: string): IpAddress | string {
  const address = parseIp(text);
  if (!address) return `IP Address ${quote(text)} parse error during conversion from string: ${ipProblem(text)}`;
  if (address.isMapped()) return `IPv4-mapped IPv6 address ${quote(text)} is not allowed`;
  return address;
}

function ipProblem(text: string): string {
  if (text.includes("%")) return `ParseAddr(${quote(text)}): zones cannot be used`;
  return `ParseAddr(${quote(text)}): unable to parse IP`;
}

function ipOf(text: string): Ip {
  const address = readIp(text);
  if (typeof address === "string") throw failure(address);
  return new Ip(address);
}

/** The range, or what is wrong with it. */
function readRange(text: string): Range | string {
  const parts = parseInterface(text);
  if (!parts)
    return `network address parse error during conversion from string: netip.ParsePrefix(${quote(text)}): unable to parse`;
  if (parts.address.isMapped()) return `IPv4-mapped IPv6 address ${quote(text)} is not allowed`;
  return new Range(parts.address, parts.prefix);
}

function rangeOf(text: string): Range {
  const range = readRange(text);
  if (typeof range === "string") throw failure(range);
  return range;
}

const canonical = (text: string): boolean => ipOf(text).address.toString() === text;

function isGlobalUnicast(address: IpAddress): boolean {
  const special =
    address.isUnspecified() || address.isLoopback() || address.isMulticast() || address.isLinkLocalUnicast();
  return !special && !(address.family === 4 && address.value === 0xffff_ffffn);
}

const question = (name: string, id: string, holds: (address: IpAddress) => boolean): Overload =>
  method(name, id, [t.ip], t.bool, ({ address }: Ip) => holds(address));

const contains = (range: Range, address: IpAddress): boolean => range.masked.contains(address);
const containsRange = (range: Range, other: Range): boolean =>
  other.prefix >= range.prefix && contains(range, other.masked.address);

/** Bytes of an address; comparing goes through both. */
const bytesOf = (range: CelValue): number => addressBits((range as Range).address.family) / 8;
const BYTES: CostRange = { min: 4, max: 16 };

const comparing = (withText: boolean, ranges: boolean): Pick<Overload, "cost" | "estimate"> => ({
  cost: ([range, other]) => {
    const bytes = bytesOf(range as CelValue);
    return (
      traversal(2 * bytes) + (ranges ? traversal(bytes) + 1 : 0) + (withText ? traversal(sizeOf(other as CelValue)) : 0)
    );
  },
  estimate: (sizes) => {
    let cost = scaled(plus(BYTES, BYTES), 0.1);
    if (ranges) cost = plus(plus(cost, scaled(BYTES, 0.1)), ONE);
    return { cost: withText ? plus(cost, scaled(sizeAt(sizes, 1), 0.1)) : cost };
  },
});

export const addresses: Library = {
  name: "addresses",
  overloads: [
    func("ip", "string_to_ip", [t.string], t.ip, ipOf, parsing),
    func("isIP", "is_ip", [t.string], t.bool, (text: string) => typeof readIp(text) !== "string", parsing),
    func("ip.isCanonical", "ip_is_canonical", [t.string], t.bool, canonical, {
      cost: ([text]) => Math.ceil(sizeOf(text as CelValue) * 0.2),
    }),
    func("string", "ip_to_string", [t.ip], t.string, ({ address }: Ip) => address.toString()),
    method("family", "family", [t.ip], t.int, ({ address }: Ip) => BigInt(address.family)),
    question("isUnspecified", "is_unspecified", (address) => address.isUnspecified()),
    question("isLoopback", "is_loopback", (address) => address.isLoopback()),
    question("isLinkLocalMulticast", "is_link_local_multicast", (address) => address.isLinkLocalMulticast()),
    question("isLinkLocalUnicast", "is_link_local_unicast", (address) => address.isLinkLocalUnicast()),
    question("isGlobalUnicast", "is_global_unicast", isGlobalUnicast),
    func("cidr", "string_to_cidr", [t.string], t.cidr, rangeOf, parsing),
    func("isCIDR", "is_cidr", [t.string], t.bool, (text: string) => typeof readRange(text) !== "string", parsing),
    func("string", "cidr_to_string", [t.cidr], t.string, (range: Range) => range.toJson()),
    method(
      "containsIP",
      "cidr_contains_ip_ip",
      [t.cidr, t.ip],
      t.bool,
      (range: Range, { address }: Ip) => contains(range, address),
      comparing(false, false),
    ),
    method(
      "containsIP",
      "cidr_contains_ip_string",
      [t.cidr, t.string],
      t.bool,
      (range: Range, text: string) => contains(range, ipOf(text).address),
      comparing(true, false),
    ),
    method("containsCIDR", "cidr_contains_cidr", [t.cidr, t.cidr], t.bool, containsRange, comparing(false, true)),
    method(
      "containsCIDR",
      "cidr_contains_cidr_string",
      [t.cidr, t.string],
      t.bool,
      (range: Range, text: string) => containsRange(range, rangeOf(text)),
      comparing(true, true),
    ),
    method("ip", "cidr_ip", [t.cidr], t.ip, ({ address }: Range) => new Ip(address)),
    method("prefixLength", "cidr_prefix_length", [t.cidr], t.int, ({ prefix }: Range) => BigInt(prefix)),
    method("masked", "cidr_masked", [t.cidr], t.cidr, ({ masked }: Range) => new Range(masked.address, masked.prefix)),
  ],
};
