/**
 * Hands out equal parts of a range: pod ranges to nodes.
 * Holds: a part is never with two owners; parts are handed out in turn, so that one given back rests as long as it can.
 */
import { Cidr } from "./cidr.ts";
import { IpError } from "./ip.ts";

/** A set keeps track of no more parts than this. */
const MOST_PARTS_BITS = 16;

export class CidrSet {
  readonly range: Cidr;
  readonly partPrefix: number;
  readonly #count: number;
  readonly #used = new Set<number>();
  #next = 0;

  constructor(range: Cidr, partPrefix: number) {
    const bits = partPrefix - range.prefix;
    if (bits < 0 || partPrefix > range.address.bits) {
      throw new IpError(
        `a part of /${partPrefix} does not fit into ${range}: give a prefix from ${range.prefix} to ${range.address.bits}`,
      );
    }
    if (bits > MOST_PARTS_BITS) {
      throw new IpError(
        `${range} has too many parts of /${partPrefix}: the prefixes may differ by ${MOST_PARTS_BITS} at most`,
      );
    }
    this.range = range;
    this.partPrefix = partPrefix;
    this.#count = 2 ** bits;
  }

  /** How many parts are free. */
  get free(): number {
    return this.#count - this.#used.size;
  }

  /** The next free part; undefined when there is none. */
  allocate(): Cidr | undefined {
    if (this.free === 0) return undefined;
    let index = this.#next;
    while (this.#used.has(index)) index = (index + 1) % this.#count;
    this.#used.add(index);
    this.#next = (index + 1) % this.#count;
    return this.range.subnet(this.partPrefix, index);
  }

  /** Marks all parts that this range touches as taken. Throws when it lies outside. */
  occupy(cidr: Cidr): void {
    for (const index of this.#indexes(cidr)) this.#used.add(index);
  }

  release(cidr: Cidr): void {
    for (const index of this.#indexes(cidr)) this.#used.delete(index);
  }

  #indexes(cidr: Cidr): number[] {
    if (!this.range.overlaps(cidr)) throw new IpError(`${cidr} is outside of ${this.range}`);
    if (cidr.containsCidr(this.range)) return Array.from({ length: this.#count }, (_, i) => i);
    const shift = BigInt(this.range.address.bits - this.partPrefix);
    const first = Number((cidr.address.value - this.range.address.value) >> shift);
    const last = Number((cidr.last.value - this.range.address.value) >> shift);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  }
}
