/**
 * A number for each domain of a topology, most of them 0 or few of them: in a map as long as few domains have one, side by side in memory
 * as soon as that takes no more room. Domain 0 is none, and has none.
 */
const BYTES_OF_AN_ENTRY_IN_MAPS = 40;

export class DomainCounts {
  /** How many domains have one. */
  size = 0;
  #few: Map<number, number> | undefined = new Map();
  #many: Int32Array = new Int32Array(0);

  get(domain: number): number {
    return (this.#few ? this.#few.get(domain) : this.#many[domain]) ?? 0;
  }

  /** `highest` is the highest number of a domain by now. */
  add(domain: number, difference: number, highest: number): void {
    if (domain === 0 || difference === 0) return;
    const before = this.get(domain);
    const now = before + difference;
    if (before === 0) this.size++;
    else if (now === 0) this.size--;
    if (this.#few) {
      if (now === 0) this.#few.delete(domain);
      else this.#few.set(domain, now);
      if (this.size * BYTES_OF_AN_ENTRY_IN_MAPS > highest * Int32Array.BYTES_PER_ELEMENT) this.#lineUp(highest);
      return;
    }
    if (domain >= this.#many.length) this.#grow(2 * domain);
    this.#many[domain] = now;
  }

  /** Of the domains that have one. */
  *[Symbol.iterator](): Generator<[domain: number, count: number], void> {
    if (this.#few) yield* this.#few;
    else for (const [domain, count] of this.#many.entries()) if (count !== 0) yield [domain, count];
  }

  #lineUp(highest: number): void {
    const few = this.#few as Map<number, number>;
    this.#few = undefined;
    this.#grow(highest + 1);
    for (const [domain, count] of few) this.#many[domain] = count;
  }

  #grow(length: number): void {
    const grown = new Int32Array(length);
    grown.set(this.#many);
    this.#many = grown;
  }
}
